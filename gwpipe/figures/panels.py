"""Figures of trained agents: what stages read of each environment or task shown, summed up, drawn and written."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from gwpipe import layout
from gwpipe.artefact import Record, verify
from gwpipe.evaluation import curves
from gwpipe.evaluation.criterion import Criterion
from gwpipe.figures.saving import save_with_numbers
from gwpipe.figures.success_counts import draw_success_counts, success_counts
from gwpipe.settings.figure_stages import FigureStage
from gwpipe.settings.task_sets import SuccessFigureStage


def draw_panels(
    stage: str,
    settings: FigureStage,
    place: layout.Place,
    table: str,
    summary: Callable[[pd.DataFrame, Criterion], pd.DataFrame],
    draw: Callable[[Sequence[pd.DataFrame], str], Figure],
    pictures: Sequence[str],
    numbers: str,
) -> None:
    """Write pictures and numbers of `stage`, each with its manifest.

    table, pictures, numbers: patterns of `layout`; `table` has the episodes of each environment. summary: of its
    episodes, beside the criterion. draw: from the summaries, and the name of the scale.

    Raises:
        UserError: a table or a criterion is missing or damaged.
    """
    inputs: list[Path] = []
    summaries: list[pd.DataFrame] = []
    for panel in settings.panels:
        criterion, episodes = (
            place.path(pattern, env=panel.env, task=panel.task) for pattern in (layout.CRITERION, table)
        )
        verify(criterion)
        verify(episodes)
        found = Criterion.from_json(json.loads(criterion.read_text()))
        summaries.append(summary(pd.read_csv(episodes), found))
        inputs += [criterion, episodes]
    record = Record(stage, place.scale, settings.model_dump(mode="json"), inputs)
    figure = draw(summaries, settings.scale)
    made = [place.path(pattern) for pattern in pictures]
    save_with_numbers(record, figure, made, pd.concat(summaries, ignore_index=True), place.path(numbers))


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
    figure = draw_success_counts(drawn, settings, place.scale)
    save_with_numbers(record, figure, [place.path(pattern) for pattern in pictures], drawn, place.path(numbers))
