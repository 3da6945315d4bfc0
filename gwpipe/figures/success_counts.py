"""Figures 7 and 8: how many decisions of an episode a task is solved in, against environment steps, a panel a task."""

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from gwpipe.figures.learning_curves import averaged
from gwpipe.figures.methods import CHARACTERS, colours, label, model_free
from gwpipe.settings.environments import FULL_EPISODE
from gwpipe.settings.task_sets import SuccessFigureStage

NUMBERS = ("env", "task", "method", "step", "mean", "sem", "seeds", "scale")
"""Columns of what is drawn; `mean` and `sem` of the smoothed success count, over seeds."""


def success_counts(curves: pd.DataFrame, settings: SuccessFigureStage, scale: str) -> pd.DataFrame:
    """What the lines show (`NUMBERS`), tasks in the order of the settings, averaged as `learning_curves` says.

    curves: raw curves of all tasks of the figure.
    """
    counts = curves[curves["metric"] == "success_count"]
    drawn = [
        averaged(counts[counts["task"] == task], settings.window, np.linspace).assign(env=settings.env, task=task)
        for task in settings.tasks
    ]
    filled = [lines for lines in drawn if not lines.empty] or drawn[:1]
    return pd.concat(filled, ignore_index=True).assign(scale=scale)[list(NUMBERS)]


def draw_success_counts(numbers: pd.DataFrame, settings: SuccessFigureStage, origin: str) -> Figure:
    """The figure of `success_counts`; a method with one seed has a line without a band."""
    columns = min(3, len(settings.tasks)) if len(settings.tasks) != 4 else 4
    lines = math.ceil(len(settings.tasks) / columns)
    figure = Figure(figsize=(2.9 * columns + 0.4, 2.5 * lines + 0.8), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True).flatten()
    palette = colours(numbers["method"])
    for axes, task in zip(grid, settings.tasks):
        _draw(axes, numbers[numbers["task"] == task], settings.window, palette)
        axes.set_title(task.replace("_", " "), fontsize=9)
    for axes in grid[len(settings.tasks) :]:
        axes.set_axis_off()
    grid[0].set_ylim(bottom=0, top=settings.episode_decisions)
    figure.supylabel("success count", fontsize=9)
    said = textwrap.fill(_caption(settings, origin), int(CHARACTERS * figure.get_figwidth()))
    figure.supxlabel(said, fontsize=7, color="0.35")
    found = {line.get_label(): line for axes in grid for line in axes.get_lines()}
    if found:
        figure.legend(
            found.values(), found.keys(), loc="outside upper center", ncols=len(found), fontsize=8, frameon=False
        )
    return figure


def _draw(axes: Axes, numbers: pd.DataFrame, window: int, palette: Mapping[str, str]) -> None:
    for method, line in numbers.groupby("method", sort=False):
        name, step = str(method), line["step"]
        axes.plot(step, line["mean"], "--" if model_free(name) else "-", color=palette[name], label=label(name), lw=1.4)
        low, high = (line["mean"] + sign * line["sem"].fillna(0.0) for sign in (-1, 1))
        axes.fill_between(step, low, high, color=palette[name], alpha=0.2, lw=0)
    if numbers.empty:
        axes.text(
            0.5, 0.5, f"no run has {window} episodes", ha="center", va="center", transform=axes.transAxes, fontsize=7
        )
    axes.set_xlabel("environment steps", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _caption(settings: SuccessFigureStage, origin: str) -> str:
    full = FULL_EPISODE[settings.env]
    length = settings.episode_decisions
    episode = f"{length} decisions" if length == full else f"{length} decisions, not {full}"
    return (
        f"{origin}. Decisions with success in an episode of {episode}; mean of {settings.window} episodes; bands: "
        f"standard error over seeds. One representation for all tasks, trained on {_listed(settings.seen)}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
