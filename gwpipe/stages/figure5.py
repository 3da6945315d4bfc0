"""figure5: learning curves of all configured methods, as a picture and in numbers."""

from pathlib import Path

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.evaluation import curves
from gwpipe.evaluation.criterion import Criterion
from gwpipe.figures.figure5 import Panel, average, draw_figure5
from gwpipe.figures.methods import origin
from gwpipe.figures.saving import save_with_numbers
from gwpipe.machine import Machine
from gwpipe.settings.figure_stages import FigureStage


def run(settings: FigureStage, place: layout.Place, machine: Machine) -> None:
    """Average, draw, and write picture and numbers, each with its manifest."""
    inputs: list[Path] = []
    panels: list[Panel] = []
    for panel in settings.panels:
        criterion = place.path(layout.CRITERION, env=panel.env, task=panel.task)
        paths = [
            place.path(layout.CURVE, env=panel.env, task=panel.task, method=method, seed=seed)
            for method, seeds in panel.runs.items()
            for seed in seeds
        ]
        found = Criterion.read(criterion)
        read = pd.concat([curves.read(path) for path in paths], ignore_index=True)
        panels.append(Panel(read, found, panel.episode_decisions))
        inputs += [criterion, *paths]
    record = Record("figure5", place.scale, settings.model_dump(mode="json"), inputs)
    drawn = pd.concat([average(panel, settings.scale) for panel in panels], ignore_index=True)
    figure = draw_figure5(panels, drawn, origin(settings.scale, settings.panels))
    pictures = [place.path(layout.FIGURE5), place.path(layout.FIGURE5_PDF)]
    save_with_numbers(record, figure, pictures, drawn, place.path(layout.FIGURE5_NUMBERS))
