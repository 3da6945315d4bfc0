"""The study of downstream tasks: the odd one of three, and what is private to one domain."""

import pandas as pd
from matplotlib.figure import Figure

from gwpipe.figures.series import bars, caption, legend_beside, over_seeds
from gwpipe.studies.downstream import LOSS_SETS, PRIVATE, PUBLIC
from gwpipe.studies.odd_one_out import CHANCE

TESTS = ("attributes", "u", *(f"z, {losses}" for losses in LOSS_SETS))
COLOURS = {kind: f"C{number}" for number, kind in enumerate(TESTS)}
PRIVATE_PART, PUBLIC_PART = "colour_mean", "position_mean"


def draw(frame: pd.DataFrame) -> Figure:
    """Groups say what was learnt from and tested on; bars, which latents. The dotted line is worth nothing."""
    kinds = frame["features"].where(frame["features"] != "z", "z, " + frame["losses"].fillna(""))
    frame = frame.assign(kind=kinds, route=frame["learnt_from"] + "\n→ " + frame["tested_on"])
    figure = Figure(figsize=(12, 8), layout="constrained")
    top, *below = figure.subplots(3, 1)
    rows = frame[(frame["task"] == "odd_one_out") & (frame["shared"] == "all")]
    bars(top, over_seeds(rows, ["route", "kind"]), "route", "kind", COLOURS)
    top.axhline(CHANCE, color="grey", lw=0.8, ls=":")
    top.set(ylabel="odd one found (%)", title=f"odd one out, {' and '.join(PUBLIC)}")
    legend_beside(top)
    unimodal = frame["domains"].isin(PRIVATE) & (frame["features"] == "u")
    private = frame[(frame["task"] == "regression") & (unimodal | (frame["domains"] == "+".join(PRIVATE)))]
    for axes, name in zip(below, (PRIVATE_PART, PUBLIC_PART)):
        rows = private[private["metric"] == name]
        bars(axes, over_seeds(rows, ["route", "kind"]), "route", "kind", COLOURS)
        axes.axhline(float(rows["bound_constant"].iloc[0]), color="grey", lw=0.8, ls=":")
        what = name.removesuffix("_mean")
        axes.set(ylabel=f"{what} ({rows['unit'].iloc[0]})", title=f"{what}, {' and '.join(PRIVATE)}")
    figure.suptitle(caption(frame, "Downstream tasks: learnt from → tested on"), fontsize=8)
    return figure
