"""workspace_study: one study of many small workspaces, as CSV."""

import importlib
import shutil

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.data.episodes import load_observations
from gwpipe.data.latents import cache_paths, load_latents
from gwpipe.domains.catalogue import load_domain
from gwpipe.domains.fit import Run
from gwpipe.envs.simple_shapes import denormalise
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.study_stages import WorkspaceStudyStage
from gwpipe.settings.workspace_studies import study_named
from gwpipe.studies.material import Material
from gwpipe.studies.tidy import tidy_frame, write_table

ENV = "simple_shapes"


def run(settings: WorkspaceStudyStage, place: layout.Place, machine: Machine) -> None:
    """Train what is not trained yet, measure, and write the table with its manifest."""
    machine.prepare()
    known = study_named(settings.study)
    latents = cache_paths(place, ENV, sorted(settings.kinds), settings.data)
    data = [place.path(layout.DATA, env=ENV, **name.model_dump()) for name in settings.data]
    vaes = {name: place.path(layout.VAE, env=ENV, domain=name) for name in settings.kinds} if known.vaes else {}
    inputs = [*(path for paths in latents.values() for path in paths), *data, *vaes.values()]
    modules = [known.measuring, *domains.modules(settings.kinds.values())]
    table = place.path(layout.STUDY, study=settings.study)
    fields = settings.model_dump(mode="json")
    record = Record("workspace_study", place.scale, fields, inputs, modules, machine.device)
    scratch = record.scratch(table)
    label = f"workspace_study {settings.study}"
    train, held_out, _ = load_latents(latents, settings.holdout)
    raw, held_out_raw = map(denormalise, load_observations(data, "attributes", settings.holdout))
    begins, measured = load_observations(data, "is_first", settings.holdout)
    study = importlib.import_module(known.measuring)
    material = Material(
        settings,
        train,
        {name: u[measured] for name, u in held_out.items()},
        raw,
        held_out_raw[measured],
        begins.cumsum(),
        {name: load_domain(path) for name, path in vaes.items()},
        Run(settings.seed, label, scratch, record.identity, machine.checkpoint_seconds, machine.device),
    )
    rows = [{"study": settings.study, **row} for row in study.rows(material)]
    frame = tidy_frame(rows, study.COLUMNS, env=ENV, scale=settings.scale, seed=settings.seed)
    with staging(table) as partial:
        write_table(frame, partial)
    record.write(table)
    shutil.rmtree(scratch.parent, ignore_errors=True)
