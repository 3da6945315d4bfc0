"""draw_study: the picture of one study of many small workspaces, from its table."""

import importlib

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings.study_stages import DrawStudyStage
from gwpipe.settings.workspace_studies import study_named


def run(settings: DrawStudyStage, place: layout.Place, machine: Machine) -> None:
    """Draw, and write png and pdf, each with its manifest."""
    drawing = study_named(settings.study).drawing
    table = place.path(layout.STUDY, study=settings.study)
    record = Record("draw_study", place.scale, settings.model_dump(mode="json"), [table], [drawing])
    figure = importlib.import_module(drawing).draw(pd.read_csv(table, dtype_backend="numpy_nullable"))
    for pattern in (layout.STUDY_FIGURE, layout.STUDY_PDF):
        path = place.path(pattern, study=settings.study)
        save_figure(figure, path)
        record.write(path)
