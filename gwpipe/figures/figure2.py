"""Figure 2 of the paper: one attribute vector, images that contradict it, and what the workspace makes of both.

Rows are pairs; columns are the image, the attributes (drawn), and pictures decoded with all weight on the attributes
(tr), half on each (fusion) and all on the image (dcy). Below each decoded picture: what the reader finds in it.
"""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gwpipe.envs.shape_drawing import SHAPE_NAMES
from gwpipe.studies.incongruent import WEIGHTS, Decoded, Pairs
from gwpipe.studies.routes import PICTURE, VECTOR

SIDE, GAP, LINE = 1.1, 0.1, 0.24
"""Side of a picture, space between columns, and the line below a picture, inch."""
HEAD, FOOT = 0.75, 0.3
"""Above and below all pictures, inch."""


def draw_figure2(pairs: Pairs, decoded: Decoded, scale: str, seed: int) -> Figure:
    """The figure of pairs that share one attribute vector; `scale` and `seed` are the representation's."""
    rows, columns = len(pairs.image.raw), 2 + len(WEIGHTS)
    width, height = columns * (SIDE + GAP) + GAP, rows * (SIDE + LINE) + HEAD + FOOT
    figure = Figure(figsize=(width, height))
    # A layout engine moves things a little at each drawing; the same figure should be the same file.
    figure.subplots_adjust(
        left=GAP / width,
        right=1 - GAP / width,
        bottom=(FOOT + LINE) / height,
        top=1 - HEAD / height,
        wspace=GAP / SIDE,
        hspace=LINE / SIDE,
    )
    axes: npt.NDArray[np.object_] = np.asarray(figure.subplots(rows, columns, squeeze=False))
    for row in range(rows):
        _show(axes[row, 0], pairs.image.image[row], pairs.image.raw[row])
        _show(axes[row, 1], pairs.attributes.image[row], pairs.attributes.raw[row])
        for column, name in enumerate(WEIGHTS, start=2):
            _show(axes[row, column], decoded.pictures[name][row], decoded.read[name][row])
    axes[0, 0].set_title("image", fontsize=9)
    axes[0, 1].set_title("attributes\n(drawn)", fontsize=9)
    for column, (name, route) in enumerate(WEIGHTS.items(), start=2):
        shares = (route.weights.get(domain, 0.0) for domain in (VECTOR, PICTURE))
        axes[0, column].set_title(f"{name}\n" + "$\\alpha$ = ({:g}, {:g})".format(*shares), fontsize=9)
    figure.suptitle("Decoded from attributes and image, weights $\\alpha$ = (attr, v)", fontsize=9, y=1 - 0.1 / height)
    note = f"Simple Shapes, scale {scale}, seed {seed}. Below decoded pictures: class, size and colour by the reader."
    figure.supxlabel(note, fontsize=6.5, color="0.35", y=0.08 / height)
    return figure


def _show(axes: Axes, picture: npt.NDArray[np.uint8], raw: npt.NDArray[np.float64]) -> None:
    """One picture (32, 32, 3) with its attributes (8,) below, the colour as a patch."""
    axes.imshow(picture, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(f"    {SHAPE_NAMES[int(raw[0])]}, {raw[3]:.1f} px", fontsize=6.5, labelpad=3)
    colour = np.clip(raw[5:] / 255, 0, 1)
    patch = Rectangle((0, -0.15), 0.11, 0.11, transform=axes.transAxes, fc=colour, ec="0.6", lw=0.4, clip_on=False)
    axes.add_patch(patch)
