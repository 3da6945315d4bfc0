"""Figures of trained agents: a table and a criterion of each environment shown, summed up, drawn and written."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from gwpipe import layout
from gwpipe.artefact import Record, verify
from gwpipe.evaluation.criterion import Criterion
from gwpipe.figures.methods import origin
from gwpipe.figures.saving import save_with_numbers
from gwpipe.settings.figure_stages import FigureStage


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
    episodes, beside the criterion. draw: from the summaries, and what `origin` says.

    Raises:
        UserError: a table or a criterion is missing or damaged.
    """
    inputs: list[Path] = []
    summaries: list[pd.DataFrame] = []
    for panel in settings.panels:
        criterion, episodes = (
            place.path(pattern, env=panel.env, task=panel.task) for pattern in (layout.CRITERION, table)
        )
        found = Criterion.read(criterion)
        verify(episodes)
        summaries.append(summary(pd.read_csv(episodes), found))
        inputs += [criterion, episodes]
    record = Record(stage, place.scale, settings.model_dump(mode="json"), inputs)
    figure = draw(summaries, origin(settings.scale, settings.panels))
    made = [place.path(pattern) for pattern in pictures]
    save_with_numbers(record, figure, made, pd.concat(summaries, ignore_index=True), place.path(numbers))


def say_below(figure: Figure, panels: Sequence[pd.DataFrame], origin: str, each: str, meaning: str) -> None:
    """Write below a figure of summaries how many episodes each bar or point stands for, and what else is drawn."""
    played = pd.concat([summary["episodes"] for summary in panels])
    fewest, most = played.min(), played.max()
    episodes = str(fewest) if fewest == most else f"{fewest} to {most}"
    figure.supxlabel(
        f"{origin}. {episodes} episodes a {each}, standard error over episodes (means of seeds).\n{meaning}",
        fontsize=7,
        color="0.35",
    )
