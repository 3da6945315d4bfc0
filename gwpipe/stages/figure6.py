"""figure6: trained agents that lose a modality, as a picture and in numbers."""

import json
from pathlib import Path

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import Record, staging, verify
from gwpipe.evaluation.ablation_table import summary
from gwpipe.evaluation.criterion import Criterion
from gwpipe.figures.figure6 import draw_figure6
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings.figure_stages import FigureStage


def run(settings: FigureStage, place: layout.Place, machine: Machine) -> None:
    """Sum up, draw, and write picture and numbers, each with its manifest."""
    inputs: list[Path] = []
    panels: list[pd.DataFrame] = []
    for panel in settings.panels:
        criterion = place.path(layout.CRITERION, env=panel.env, task=panel.task)
        ablation = place.path(layout.ABLATION, env=panel.env, task=panel.task)
        verify(criterion)
        verify(ablation)
        found = Criterion.from_json(json.loads(criterion.read_text()))
        panels.append(summary(pd.read_csv(ablation), found))
        inputs += [criterion, ablation]
    record = Record("figure6", place.scale, settings.model_dump(mode="json"), inputs)
    figure = draw_figure6(panels, settings.scale)
    numbers = place.path(layout.FIGURE6_NUMBERS)
    with staging(numbers) as partial:
        pd.concat(panels, ignore_index=True).to_csv(partial, index=False)
    pictures = [place.path(layout.FIGURE6), place.path(layout.FIGURE6_PDF)]
    save_figure(figure, *pictures)
    for path in (*pictures, numbers):
        record.write(path)
