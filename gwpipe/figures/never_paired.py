"""The study of domains that were never paired: how far v and t translate through attr."""

import pandas as pd
from matplotlib.figure import Figure

from gwpipe.figures.series import bars, caption, legend_beside, metric, over_seeds
from gwpipe.studies.never_paired import KNOWN, LOSS_SETS, NEW, SHOWN

PANELS = {"translation_unexplained": "unexplained share, translation", "retrieval_top1": "retrieval, top-1 (%)"}


def draw(frame: pd.DataFrame) -> Figure:
    """Both directions between the two domains, a bar for each way of pairing and set of losses."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(PANELS))
    kinds = [f"{shown}, {losses}" for shown in SHOWN for losses in LOSS_SETS]
    colours = {kind: f"C{number}" for number, kind in enumerate(kinds)}
    trained = frame[frame["losses"].notna() & frame["route"].isin([f"{NEW}->{KNOWN}", f"{KNOWN}->{NEW}"])]
    trained = trained.assign(kind=trained["shown"] + ", " + trained["losses"])
    for axes, (name, label) in zip(panels, PANELS.items()):
        bars(axes, over_seeds(metric(trained, name), ["route", "kind"]), "route", "kind", colours)
        axes.set_ylabel(label)
    panels[0].axhline(1, color="grey", lw=0.8, ls=":")
    legend_beside(panels[-1], "v and t, losses")
    figure.suptitle(caption(frame, "Domains that were never paired; 1: the constant predictor"), fontsize=8)
    return figure
