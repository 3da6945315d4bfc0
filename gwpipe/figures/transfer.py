"""Transfer: return of policies trained on one modality that act on it and on the other."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from gwpipe.figures.methods import label
from gwpipe.figures.panels import say_below

COLOURS = ("C0", "C1", "C2", "C3")
"""Of the domains acted on, in their order."""


def draw_transfer(panels: Sequence[pd.DataFrame], origin: str) -> Figure:
    """A panel an environment; `panels` are the summaries of `gwpipe.evaluation.transfer_table`.

    A group of bars a method, called after what it was trained on; a bar a domain that it acts on: mean return above
    random, standard error over episodes. Hatched: a domain that it never saw in training. Dashed: the criterion.
    """
    widths = [summary["method"].nunique() for summary in panels]
    figure = Figure(figsize=(0.7 * sum(widths) + 1.6 * len(panels), 4.2), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, width_ratios=widths)
    for axes, summary in zip(grid[0], panels):
        _draw(axes, summary)
        axes.set_title(str(summary["env"].iloc[0]), fontsize=9)
    grid[0][0].set_ylabel("return above random")
    say_below(figure, panels, origin, "bar", "Hatched: not the domain of training. Dashed: criterion.")
    return figure


def _draw(axes: Axes, summary: pd.DataFrame) -> None:
    methods, domains = list(dict.fromkeys(summary["method"])), sorted(set(summary["acting_on"]))
    colours = {domain: COLOURS[number % len(COLOURS)] for number, domain in enumerate(domains)}
    for group, method in enumerate(methods):
        bars = summary[summary["method"] == method].reset_index(drop=True)
        width = 0.8 / len(domains)
        for number, (_, row) in enumerate(bars.iterrows()):
            other = row["acting_on"] != row["trained_on"]
            axes.bar(
                group + (number - (len(bars) - 1) / 2) * width, row["mean"], width, yerr=row["sem"],
                color=colours[row["acting_on"]], hatch="//" if other else None, edgecolor="white", lw=0,
                error_kw={"lw": 0.9},
            )  # fmt: skip
    threshold = summary["criterion"].iloc[0]
    if pd.notna(threshold):
        axes.axhline(threshold, color="0.2", ls=(0, (4, 3)), lw=1)
    axes.axhline(0, color="0.2", lw=0.6)
    axes.set_xticks(
        range(len(methods)),
        [label(method) for method in methods],
        rotation=60,
        ha="right",
        rotation_mode="anchor",
        fontsize=7,
    )
    handles = [Patch(color=colour, label=f"acting on {domain}") for domain, colour in colours.items()]
    axes.legend(handles=handles, frameon=False, fontsize=7)
