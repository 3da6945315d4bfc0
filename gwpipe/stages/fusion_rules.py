"""fusion_rules: what each rule of fusion makes of clean and of failing inputs, as CSV and picture."""

from pathlib import Path

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.data.latents import cache_paths, load_latents
from gwpipe.figures.fusion_rules import draw_fusion_rules
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings.study_stages import FusionRulesStage
from gwpipe.studies.fusion_rules import COLUMNS, rule_rows
from gwpipe.studies.tidy import tidy_frame, write_table
from gwpipe.workspace.selection.registry import load_selection
from gwpipe.workspace.workspace import load_workspace


def run(settings: FusionRulesStage, place: layout.Place, machine: Machine) -> None:
    """Measure, draw, and write table and pictures, each with its manifest."""
    machine.prepare()
    env = settings.env
    workspace_path = place.path(layout.WORKSPACE, env=env, kind=settings.kind)
    latents = cache_paths(place, env, settings.domains, settings.data)
    trained: dict[tuple[str, int], Path] = {
        (rule, seed): place.path(layout.SELECTION, env=env, rule=rule, seed=seed)
        for rule in settings.learned
        for seed in settings.seeds
    }
    inputs = [workspace_path, *(path for paths in latents.values() for path in paths), *trained.values()]
    record = Record("fusion_rules", place.scale, settings.model_dump(mode="json"), inputs)
    train, held_out, vaes = load_latents(latents, settings.holdout)
    workspace, _ = load_workspace(workspace_path, vaes)
    learned = {key: load_selection(path) for key, path in trained.items()}
    rows = rule_rows(workspace, train, held_out, learned, settings.selection)
    frame = tidy_frame(rows, COLUMNS, env=env, scale=settings.scale, seed=settings.representation_seed)
    table = place.path(layout.FUSION_RULES)
    with staging(table) as partial:
        write_table(frame, partial)
    figure = draw_fusion_rules(frame)
    pictures = [place.path(layout.FUSION_RULES_FIGURE), place.path(layout.FUSION_RULES_PDF)]
    save_figure(figure, *pictures)
    for path in (table, *pictures):
        record.write(path)
