"""Figure 6 of the paper: return of trained agents without attributes and without vision."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.figures.methods import colours, in_order, label, model_free
from gwpipe.figures.panels import say_below

HALVES = {"attributes": "attributes removed", "image": "vision removed"}


def draw_figure6(panels: Sequence[pd.DataFrame], origin: str) -> Figure:
    """Two halves an environment; `panels` are the summaries of `gwpipe.evaluation.ablation_table`.

    Bars: mean return above random, standard error over episodes. Line on each bar: the same agents with both
    modalities. Hatched bars and dashed lines: PPO. Across: the criterion of Figure 5.
    """
    count = len(panels) * len(HALVES)
    figure = Figure(figsize=(3.6 * count, 4.4), layout="constrained")
    everywhere = np.atleast_1d(figure.subplots(1, count))
    palette = colours(name for summary in panels for name in summary["method"])
    for number, summary in enumerate(panels):
        for axes, (removed, title) in zip(everywhere[number * len(HALVES) :], HALVES.items()):
            _draw(axes, summary, removed, palette)
            axes.set_title(f"{summary['env'].iloc[0]}: {title}", fontsize=9)
            lowest, highest = _range(summary)
            axes.set_ylim(lowest, highest)
        everywhere[number * len(HALVES)].set_ylabel("return above random")
    say_below(figure, panels, origin, "bar", "Line on a bar: with both modalities. Dotted: criterion.")
    return figure


def _draw(axes: Axes, summary: pd.DataFrame, removed: str, palette: Mapping[str, str]) -> None:
    chosen = summary[summary["removed"] == removed]
    chosen = chosen.sort_values("method", key=lambda names: names.map(in_order), ignore_index=True)
    whole = summary[summary["removed"] == "nothing"].set_index("method")["mean"]
    for place, row in chosen.iterrows():
        name, at = str(row["method"]), float(str(place))
        free = model_free(name)
        axes.bar(
            at, row["mean"], 0.7, yerr=row["sem"], color=palette[name], hatch="//" if free else None,
            edgecolor="white" if free else palette[name], lw=0, error_kw={"lw": 0.9},
        )  # fmt: skip
        axes.plot([at - 0.42, at + 0.42], [whole[name]] * 2, "--" if free else "-", color=palette[name], lw=1.8)
    threshold = summary["criterion"].iloc[0]
    if pd.notna(threshold):
        axes.axhline(threshold, color="0.2", ls=":", lw=1)
    axes.axhline(0, color="0.2", lw=0.6)
    axes.set_xticks(
        range(len(chosen)),
        [label(str(name)) for name in chosen["method"]],
        rotation=60,
        ha="right",
        rotation_mode="anchor",
        fontsize=7,
    )


def _range(summary: pd.DataFrame) -> tuple[float, float]:
    """Both halves of an environment share one, with a little room."""
    low = min(0.0, float((summary["mean"] - summary["sem"]).min()))
    high = float((summary["mean"] + summary["sem"]).max())
    threshold = summary["criterion"].iloc[0]
    high = max(high, float(threshold)) if pd.notna(threshold) else high
    room = 0.06 * (high - low) or 1.0
    return low - (room if low < 0 else 0), high + room
