"""The study of domains: alignment and translation of each pair of domains, with none, one and two more beside it."""

import pandas as pd
from matplotlib.figure import Figure

from gwpipe.figures.series import caption, legend_beside, line, metric

PANELS = {
    "retrieval_top1": "retrieval, top-1 (%)",
    "cosine": "cosine of rows that belong together",
    "translation_unexplained": "unexplained share, translation",
}


def draw(frame: pd.DataFrame) -> Figure:
    """A line a pair of domains, both directions together; every set of as many domains that has the pair counts."""
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    panels = figure.subplots(1, len(PANELS))
    for axes, (name, label) in zip(panels, PANELS.items()):
        rows = metric(frame, name)
        ends = rows["route"].str.split("->", expand=True)
        # Of translations, those from one domain alone.
        rows = rows.assign(pair=[" - ".join(sorted(pair)) for pair in zip(ends[0], ends[1])])
        rows = rows[~ends[0].str.contains("+", regex=False)]
        for number, (pair, of_pair) in enumerate(rows.groupby("pair")):
            line(axes, of_pair, "count", str(pair), f"C{number}")
        axes.set(xlabel="domains of the workspace", ylabel=label, xticks=sorted(set(frame["count"].dropna())))
    legend_beside(panels[-1])
    figure.suptitle(caption(frame, "More domains"), fontsize=8)
    return figure
