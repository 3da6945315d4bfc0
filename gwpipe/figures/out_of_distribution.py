"""The out-of-distribution study: errors in the hole and outside, trained with the hole's rows and without."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.studies.out_of_distribution import ALL, INSIDE, OUTSIDE, WITHOUT

SHOWN = (("class", "accuracy"), ("position", "mean"), ("rotation", "median"), ("size", "mean"), ("colour", "mean"))
PLACES = {OUTSIDE: "outside", INSIDE: "in the hole"}
TRAINED = {ALL: "trained on all rows", WITHOUT: "trained without the hole"}


def draw_out_of_distribution(frame: pd.DataFrame) -> Figure:
    """Bars of `gwpipe.studies.out_of_distribution`: means over the holes, a dot a hole, the VAE's own as a line."""
    routes = list(dict.fromkeys(frame["route"]))
    figure = Figure(figsize=(2.1 * len(SHOWN) + 1, 2.3 * len(routes) + 0.8), layout="constrained")
    grid = figure.subplots(len(routes), len(SHOWN), squeeze=False)
    for line, route in zip(grid, routes):
        for axes, (quantity, statistic) in zip(line, SHOWN):
            chosen = (frame["route"] == route) & (frame["quantity"] == quantity) & (frame["statistic"] == statistic)
            _bars(axes, frame[chosen])
            axes.set_title(f"{route}: {quantity}, {statistic}", fontsize=8)
    figure.legend(
        *grid[0][0].get_legend_handles_labels(), frameon=False, fontsize=7, loc="outside lower center", ncols=2
    )
    first = frame.iloc[0]
    figure.suptitle(
        f"Shapes in a hole of the training data, {first['env']}, scale {first['scale']}, representation seed "
        f"{first['seed']}; dots: {frame['hole_seed'].nunique()} holes, each of its own kind;\n"
        "dashed: the visual VAE's own reconstructions. Inside and outside hold other shapes: compare colours alone",
        fontsize=8,
    )
    return figure


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    for shift, (trained, label) in zip((-0.2, 0.2), TRAINED.items()):
        for at, place in enumerate(PLACES):
            here = rows[(rows["trained_on"] == trained) & (rows["place"] == place)]
            values = here["value"].astype(float)
            colour = f"C{list(TRAINED).index(trained)}"
            axes.bar(at + shift, values.mean(), 0.38, color=colour, alpha=0.6, label=None if at else label)
            axes.plot([at + shift] * len(values), values, ".", color=colour, ms=4)
            bound = here["bound_vae"].astype(float).mean()
            axes.plot([at + shift - 0.19, at + shift + 0.19], [bound, bound], "--", color="0.3", lw=0.8)
    axes.set_xticks(range(len(PLACES)), list(PLACES.values()), fontsize=7)
    axes.set_ylabel(rows["unit"].iloc[0], fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
