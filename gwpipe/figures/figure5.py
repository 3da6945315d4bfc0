"""Figure 5 of the paper: return above random against environment steps, and when each method reached the criterion."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.evaluation.criterion import Criterion, Method, Run
from gwpipe.figures.learning_curves import averaged
from gwpipe.figures.methods import CHARACTERS, colours, in_order, label, model_free
from gwpipe.settings.environments import FULL_EPISODE

BESIDE = 7
"""Methods from which on the legend stands beside a panel."""
NUMBERS = ("env", "task", "method", "step", "mean", "sem", "seeds", "scale")
"""Columns of what is drawn; `mean` and `sem` of the smoothed return above random, over seeds."""


@dataclass(frozen=True)
class Panel:
    """One environment: its raw curves, its criterion, and the length of its episodes."""

    curves: pd.DataFrame
    criterion: Criterion
    episode_decisions: int


def average(panel: Panel, scale: str) -> pd.DataFrame:
    """What the lines show (`NUMBERS`): returns above random, averaged as `learning_curves` says."""
    criterion = panel.criterion
    returns = panel.curves[panel.curves["metric"] == "train_return"]
    above = returns.assign(value=returns["value"].astype(float) - criterion.random.mean)
    drawn = averaged(above, criterion.window, np.geomspace)
    return drawn.assign(env=criterion.env, task=criterion.task, scale=scale)[list(NUMBERS)]


def draw_figure5(panels: Sequence[Panel], numbers: pd.DataFrame, origin: str) -> Figure:
    """The figure of `average` of all panels; a method with one seed has a line without a band.

    One whose runs are all shorter than the criterion's window has no line, but stands in the legend.
    """
    crowded = any(len(panel.criterion.methods) >= BESIDE for panel in panels)
    figure = Figure(figsize=((9.6 if crowded else 6.4) * len(panels), 4.6), layout="constrained")
    palette = colours(name for panel in panels for name in panel.criterion.methods)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels):
        _draw(axes, panel, numbers[numbers["env"] == panel.criterion.env], palette)
    said = (
        f"{origin}. Bands: standard error over seeds. In brackets: environment steps to the criterion, "
        "median over seeds and range."
    )
    figure.supxlabel(textwrap.fill(said, int(CHARACTERS * figure.get_figwidth())), fontsize=7, color="0.35")
    return figure


def _draw(axes: Axes, panel: Panel, numbers: pd.DataFrame, palette: Mapping[str, str]) -> None:
    criterion = panel.criterion
    for method, line in numbers.groupby("method", sort=False):
        name, style = str(method), "--" if model_free(str(method)) else "-"
        seeds = int(line["seeds"].iloc[0])
        told = f"{label(name)}, {seeds} seed{'s' if seeds > 1 else ''} ({steps_to_criterion(criterion.methods[name])})"
        axes.plot(line["step"], line["mean"], style, color=palette[name], label=told, lw=1.4)
        axes.fill_between(
            line["step"], line["mean"] - line["sem"], line["mean"] + line["sem"], color=palette[name], alpha=0.2, lw=0
        )
    for name in sorted(criterion.methods.keys() - set(numbers["method"]), key=in_order):
        axes.plot([], [], color=palette[name], label=f"{label(name)}, no run of {criterion.window} episodes")
    if criterion.threshold is not None:
        axes.axhline(criterion.threshold, color="0.2", ls=(0, (4, 3)), lw=1)
    drawn = f"criterion {criterion.fraction:.0%} of the best" if criterion.exists else "no criterion"
    full = FULL_EPISODE[criterion.env]
    length = "" if panel.episode_decisions == full else f", episodes of {panel.episode_decisions} decisions, not {full}"
    axes.set(
        xscale="log",
        xlabel="environment steps",
        ylabel=f"return above random, window {criterion.window}",
        title=f"{criterion.env}, {criterion.task} ({drawn}{length})",
    )
    axes.title.set_fontsize(9)
    if len(criterion.methods) < BESIDE:
        axes.legend(framealpha=0.8, edgecolor="none", fontsize=7)
    else:
        axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def steps_to_criterion(method: Method) -> str:
    """`5,600; 5,200 to 6,100`, with `>N` for what never arrived; a dash where no criterion exists."""
    if method.steps is None and method.beyond is None:
        return "–"
    median = f"{method.steps:,}" if method.steps is not None else f">{method.beyond:,}"
    if len(method.runs) == 1:
        return median
    ordered = sorted(method.runs, key=lambda run: (run.steps is None, run.steps or run.last_step))
    return f"{median}; {_arrival(ordered[0])} to {_arrival(ordered[-1])}"


def _arrival(run: Run) -> str:
    return f"{run.steps:,}" if run.steps is not None else f">{run.last_step:,}"
