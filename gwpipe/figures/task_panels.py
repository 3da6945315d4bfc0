"""Figures 7 and 8 as stages make them: curves of each task read, averaged, drawn and written."""

from collections.abc import Sequence

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.evaluation import curves
from gwpipe.figures.methods import origin
from gwpipe.figures.saving import save_with_numbers
from gwpipe.figures.success_counts import draw_success_counts, success_counts
from gwpipe.settings.task_sets import SuccessFigureStage


def draw_tasks(
    stage: str, settings: SuccessFigureStage, place: layout.Place, pictures: Sequence[str], numbers: str
) -> None:
    """Write pictures and numbers of `stage`, the success counts of every run on its tasks, each with its manifest.

    pictures, numbers: patterns of `layout`.

    Raises:
        UserError: a curve is missing or damaged.
    """
    inputs = [
        place.path(layout.CURVE, env=settings.env, task=task, method=method, seed=seed)
        for task in settings.tasks
        for method, seeds in settings.runs.items()
        for seed in seeds
    ]
    read = pd.concat([curves.read(path) for path in inputs], ignore_index=True)
    record = Record(stage, place.scale, settings.model_dump(mode="json"), inputs)
    drawn = success_counts(read, settings, place.scale)
    figure = draw_success_counts(drawn, settings, origin(place.scale, [settings]))
    save_with_numbers(record, figure, [place.path(pattern) for pattern in pictures], drawn, place.path(numbers))
