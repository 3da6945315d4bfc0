"""workspace_quality: translation errors in human units between their bounds, and retrieval: CSV, Markdown, a page."""

from pathlib import Path

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.study_stages import WorkspaceQualityStage
from gwpipe.studies.fresh_shapes import fresh_shapes
from gwpipe.studies.quality_report import COLUMNS, quality_markdown
from gwpipe.studies.retrieval import retrieval_rows
from gwpipe.studies.routes import PICTURE, VECTOR
from gwpipe.studies.tidy import tidy_frame, write_table
from gwpipe.studies.trained import load_trained
from gwpipe.studies.translation_quality import translation_rows
from gwpipe.view.page import write_page

ENV = "simple_shapes"


def run(settings: WorkspaceQualityStage, place: layout.Place, machine: Machine) -> None:
    """Measure and write both tables, each with its manifest."""
    machine.prepare()
    vaes = {name: place.path(layout.VAE, env=ENV, domain=name) for name in (PICTURE, VECTOR)}
    workspaces: dict[str, Path] = {kind: place.path(layout.WORKSPACE, env=ENV, kind=kind) for kind in settings.kinds}
    reader = place.path(layout.READER)
    inputs = [*vaes.values(), *workspaces.values(), reader]
    modules = domains.modules(settings.domains.values())
    record = Record("workspace_quality", place.scale, settings.model_dump(mode="json"), inputs, modules)
    trained = load_trained(vaes, workspaces, reader)
    rows = translation_rows(fresh_shapes(settings.rows, "quality shapes", settings.quality_seed), trained)
    candidates = settings.retrieval_rows * settings.retrieval_sets
    u = trained.encode(fresh_shapes(candidates, "retrieval shapes", settings.quality_seed).observations)
    rows += retrieval_rows(u, trained.workspaces, settings.retrieval_rows, settings.retrieval_sets)
    frame = tidy_frame(rows, COLUMNS, env=ENV, scale=settings.scale, seed=settings.seed)
    table, markdown = place.path(layout.WORKSPACE_QUALITY), place.path(layout.WORKSPACE_QUALITY_MARKDOWN)
    with staging(table) as partial:
        write_table(frame, partial)
    with staging(markdown) as partial:
        partial.write_text(quality_markdown(frame))
    for path in (table, markdown):
        record.write(path)
    page = place.path(layout.WORKSPACE_QUALITY_PAGE)
    write_page(page, f"Quality of the workspace, scale {settings.scale}", quality_markdown(frame), table)
    record.write(page)
