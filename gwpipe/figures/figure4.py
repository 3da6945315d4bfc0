"""Figure 4 of the paper: what both environments show, with the goal and the actions drawn.

A row an environment: the picture as agents get it, pixel by pixel, and below it the attribute vector as they get it.
The first picture has arrows for the actions; the last one is the goal.
"""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Circle, FancyArrowPatch, Polygon
from matplotlib.patheffects import Normal, Stroke

from gwpipe.figures.examples import Example, Examples

SIDE, GAP, STRIP, HEAD, FOOT, LEFT = 1.7, 0.12, 0.16, 0.55, 0.3, 0.15
"""Inch: a picture, between pictures, a vector below it, above a row, below the last, left of the first."""
_INK, _GOAL = "#ffffff", "#ff3bd4"


def draw_figure4(rows: list[Examples], note: str) -> Figure:
    """The figure of one or more environments; `note` says how they were drawn."""
    columns = max(len(row.shown) for row in rows)
    height = len(rows) * (HEAD + SIDE + GAP / 2 + STRIP) + FOOT
    width = LEFT + columns * (SIDE + GAP)
    figure = Figure(figsize=(width, height))
    for number, row in enumerate(rows):
        top = height - number * (HEAD + SIDE + GAP / 2 + STRIP) - HEAD
        grid = GridSpec(
            2,
            columns,
            figure=figure,
            left=LEFT / width,
            right=1 - GAP / width,
            top=top / height,
            bottom=(top - SIDE - GAP / 2 - STRIP) / height,
            height_ratios=[SIDE, STRIP],
            wspace=GAP / SIDE,
            hspace=GAP / (SIDE + STRIP),
        )
        for column, example in enumerate(row.shown):
            picture = figure.add_subplot(grid[0, column])
            _show(picture, example)
            _vector(figure.add_subplot(grid[1, column]), example.attributes)
            if column == 0:
                _actions(picture, row)
        figure.text(LEFT / width, (top + 0.3) / height, row.title, fontsize=9, weight="bold")
    figure.text(LEFT / width, 0.1 / height, note, fontsize=6.5, color="0.35")
    return figure


def _show(axes: Axes, example: Example) -> None:
    side = len(example.image)
    axes.imshow(example.image, interpolation="nearest")
    axes.set(xticks=[], yticks=[], xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))
    axes.set_title(example.title, fontsize=7.5, pad=3)
    if example.goal is None:
        return
    if len(example.goal) == 1:
        mark = Circle(tuple(example.goal[0]), side / 14, fill=False, ec=_GOAL, lw=1, ls="--")
        axes.add_patch(mark)
    else:
        axes.add_patch(Polygon(example.goal, closed=True, fill=False, ec=_GOAL, lw=1, ls="--"))


def _vector(axes: Axes, attributes: npt.NDArray[np.float32]) -> None:
    """One cell an entry, from −1 (blue) over 0 (white) to 1 (red)."""
    axes.imshow(attributes[None], aspect="auto", cmap="coolwarm", vmin=-1, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def _actions(axes: Axes, row: Examples) -> None:
    edge = [Stroke(linewidth=1.8, foreground="black"), Normal()]
    for arrow in row.arrows:
        drawn = FancyArrowPatch(
            (arrow.start[0], arrow.start[1]),
            (arrow.end[0], arrow.end[1]),
            connectionstyle=f"arc3,rad={arrow.bend}",
            arrowstyle="-|>",
            shrinkA=0,
            shrinkB=0,
            mutation_scale=6,
            color=_INK,
            lw=0.9,
        )
        drawn.set_path_effects(edge)
        axes.add_patch(drawn)
        text = axes.text(
            arrow.at[0], arrow.at[1], arrow.label, color=_INK, fontsize=6.5, ha="center", va="center", clip_on=True
        )
        text.set_path_effects(edge)
