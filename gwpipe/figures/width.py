"""The study of width: errors, retrieval and directions used against the entries of the workspace."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.figures.series import caption, line, log_ticks, metric

ERRORS = {
    "translation_unexplained": "translation",
    "demi_cycle_unexplained": "demi-cycle",
    "cycle_unexplained": "cycle",
}
DIRECTIONS = {"participation_ratio": "participation ratio", "effective_rank": "effective rank"}


def draw(frame: pd.DataFrame) -> Figure:
    """The dotted line is the width of the latents."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _lines(left, frame, ERRORS)
    left.set(yscale="log", ylabel="unexplained share")
    retrieval = metric(frame, "retrieval_top1")
    for number, (route, rows) in enumerate(retrieval.groupby("route")):
        line(middle, rows, "dim", str(route), f"C{number}")
    middle.set_ylabel("retrieval, top-1 (%)")
    _lines(right, frame, DIRECTIONS)
    right.set(yscale="log", ylabel="directions of z")
    for axes in (left, middle, right):
        axes.axvline(float(frame["latent"].iloc[0]), color="grey", lw=0.8, ls=":")
        log_ticks(axes, frame["dim"])
        axes.set(xlabel="entries of the workspace")
        axes.legend(frameon=False, fontsize=7)
    figure.suptitle(caption(frame, "Width of the workspace"), fontsize=8)
    return figure


def _lines(axes: Axes, frame: pd.DataFrame, metrics: dict[str, str]) -> None:
    for number, (name, label) in enumerate(metrics.items()):
        line(axes, metric(frame, name), "dim", label, f"C{number}")
