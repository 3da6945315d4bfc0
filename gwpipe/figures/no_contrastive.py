"""The study without the contrastive loss: subsets of the other losses, with it and without it."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from gwpipe.figures.series import caption, legend_beside, metric, over_seeds

PANELS = {
    "effective_rank": "effective rank of z (directions)",
    "z_variance": "variance of z's entries",
    "cross_domain_share": "cross-domain share of z",
    "retrieval_top1": "retrieval, top-1 (%)",
    "translation_unexplained": "unexplained share, translation",
}
SPREAD = ("z_variance", "cross_domain_share", "translation_unexplained")
"""Shown on logarithmic axes."""
COLOURS = {True: "C0", False: "C1"}
LABELS = {True: "with cont", False: "without"}


def draw(frame: pd.DataFrame) -> Figure:
    """A row a subset of the other losses, a point with and one without the contrastive loss."""
    others = list(dict.fromkeys(frame["others"]))
    figure = Figure(figsize=(14, 1.6 + 0.3 * len(others)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (name, label) in zip(panels, PANELS.items()):
        rows = metric(frame, name)
        # Of states, those from one domain alone.
        rows = rows[~rows["route"].str.contains("+", regex=False)]
        series = over_seeds(rows, ["others", "contrastive"])
        for contrastive, colour in COLOURS.items():
            of = series[series["contrastive"] == contrastive]
            places = [others.index(name) for name in of["others"]]
            axes.errorbar(of["mean"], places, xerr=of["sem"], fmt="o", ms=4, color=colour, label=LABELS[contrastive])
        axes.set(xlabel=label, xscale="log" if name in SPREAD else "linear")
        if name in SPREAD:
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="y", lw=0.3)
    panels[0].set_yticks(range(len(others)), others, fontsize=7)
    panels[0].invert_yaxis()
    panels[0].set_ylabel("other losses (none without cont: random weights)")
    legend_beside(panels[-1])
    figure.suptitle(caption(frame, "With and without the contrastive loss"), fontsize=8)
    return figure
