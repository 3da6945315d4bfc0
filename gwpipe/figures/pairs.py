"""The study of pairs: test loss against their number, a curve a set of losses, and how many fewer `all` needs."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.figures.series import caption, legend_beside, line, log_ticks, metric
from gwpipe.studies.pairs import COMPARED, FULL, LOSS_SETS

COLOURS = {name: f"C{number}" for number, name in enumerate(LOSS_SETS)}


def draw(frame: pd.DataFrame) -> Figure:
    """Translation, cycle and retrieval; arrows go from a set's pairs to those that `all` needs for an equal loss."""
    figure = Figure(figsize=(13, 3.8), layout="constrained")
    panels = figure.subplots(1, 3)
    shown = {"translation": "unexplained share, translation", "cycle": "unexplained share, cycle"}
    for axes, (what, label) in zip(panels, shown.items()):
        for name, colour in COLOURS.items():
            of_set = metric(frame, COMPARED[what])
            line(axes, of_set[of_set["losses"] == name], "pairs", name, colour)
        axes.axhline(1, color="grey", lw=0.8, ls=":")
        axes.set(yscale="log", xlabel="pairs", ylabel=label)
        _arrows(axes, frame, what)
    retrieval = metric(frame, "retrieval_top1")
    for name, colour in COLOURS.items():
        line(panels[2], retrieval[retrieval["losses"] == name], "pairs", name, colour)
    panels[2].set(xlabel="pairs", ylabel="retrieval, top-1 (%)")
    for axes in panels:
        log_ticks(axes, frame["pairs"].dropna())
    legend_beside(panels[2], "losses")
    figure.suptitle(caption(frame, "Loss against pairs; 1: the constant predictor"), fontsize=8)
    return figure


def _arrows(axes: Axes, frame: pd.DataFrame, what: str) -> None:
    """For each other set the largest ratio that is measured, neither end of it a bound."""
    ratios = metric(frame, f"data_ratio_{what}")
    for name, colour in COLOURS.items():
        of_set = ratios[(ratios["losses"] == name) & (ratios["ratio_is"] == "equal") & (ratios["value"] > 1)]
        # From contrast alone no decoder learns anything: its level is the constant predictor's.
        if name in (FULL, "cont") or of_set.empty:
            continue
        widest = of_set.sort_values("value").iloc[-1]
        pairs, ratio = float(widest["pairs"]), float(widest["value"])
        losses = metric(frame, COMPARED[what])
        level = float(losses[(losses["losses"] == name) & (losses["pairs"] == pairs)]["value"].mean())
        axes.annotate("", (pairs / ratio, level), (pairs, level), arrowprops={"arrowstyle": "->", "color": colour})
        axes.annotate(
            f"{ratio:.2g} ×", (pairs / ratio**0.5, level), (0, 3), textcoords="offset points", color=colour,
            fontsize=7, ha="center",
        )  # fmt: skip
