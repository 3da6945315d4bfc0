"""What can be said of each attribute: the values a sentence tells apart, and the phrases for each value.

Bins and the numbers of synonyms are those of the published caption generator; the words are our own.
"""

import math

import numpy as np
import numpy.typing as npt

from gwpipe.domains.captions.colours import COLOURS, nearest_colour

SHAPES: tuple[tuple[str, ...], ...] = (
    ("diamond", "kite", "lozenge", "rhombus", "diamond shape", "kite shape", "paper kite"),
    ("egg", "oval", "ovoid", "ellipse", "egg shape", "oval shape", "rounded blob"),
    ("triangle", "isosceles triangle"),
)
"""Class → its synonyms."""

SIZE_CUTS = (9.0, 11.0, 13.0)
"""px; a size on a cut belongs to the larger bin."""
SIZES: tuple[tuple[str, ...], ...] = (
    ("tiny", "very small"),
    ("small", "little"),
    ("medium", "middle-sized"),
    ("large", "big"),
)

DIRECTIONS = 16
"""Directions of the tip, counter-clockwise from up. With 8 to choose from only the even ones are said."""
_COMPASS = ("north", "northwest", "west", "southwest", "south", "southeast", "east", "northeast")
_COMPASS_BETWEEN = (
    "north-northwest",
    "west-northwest",
    "west-southwest",
    "south-southwest",
    "south-southeast",
    "east-southeast",
    "east-northeast",
    "north-northeast",
)
_CORNERS = (
    "the top",
    "the top-left corner",
    "the left side",
    "the bottom-left corner",
    "the bottom",
    "the bottom-right corner",
    "the right side",
    "the top-right corner",
)
ROTATIONS: tuple[tuple[str, ...], ...] = (
    tuple(f"the {word}" for pair in zip(_COMPASS, _COMPASS_BETWEEN) for word in pair),
    tuple(
        phrase
        for place, next_place in zip(_CORNERS, (*_CORNERS[1:], _CORNERS[0]))
        for phrase in (place, f"between {place} and {next_place}")
    ),
)
"""Wording (compass, corners) → phrase of each of the 16 directions."""

GRIDS: tuple[tuple[float, ...], ...] = ((13.0, 19.0), (9.0, 12.0, 14.0, 18.0, 20.0, 23.0))
"""Grid (3×3, 7×7) → cuts along x and y, px; a place on a cut belongs to the bin further right or up."""
_ROWS = ("lower", "middle", "upper")
_COLUMNS = ("left", "centre", "right")
_HEIGHTS = ("very low", "low", "slightly low", "halfway up", "slightly high", "high", "very high")
_WIDTHS = ("far left", "left", "slightly left", "halfway across", "slightly right", "right", "far right")
LOCATIONS: tuple[tuple[tuple[str, ...], ...], ...] = (
    tuple(tuple(f"at the {row} {column}" for column in _COLUMNS) for row in _ROWS),
    tuple(tuple(f"{height} and {width}" for width in _WIDTHS) for height in _HEIGHTS),
)
"""Grid → row (from below) → column (from the left) → phrase."""

THINGS = ("object", "thing", "figure")
POINTING = ("pointing to", "facing", "aimed at")
"""Free choices of words that say nothing."""

MEANING: dict[str, int] = {
    "shape": len(SHAPES),
    "size": len(SIZES),
    "colour": len(COLOURS),
    "direction": DIRECTIONS,
    "row": 7,
    "column": 7,
}
"""What a sentence says → number of values. Row and column count in the sentence's own grid."""


def directions(rotation: npt.NDArray[np.float64], sixteen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The nearest of 16 directions, or of the 8 even ones, (N,), to rotations (N,) in rad."""
    step = np.where(sixteen, 1, 2)
    turns = rotation / (2 * math.pi)
    return (np.rint(turns * DIRECTIONS / step).astype(np.int64) * step) % DIRECTIONS


def meaning(
    raw: npt.NDArray[np.float64], sixteen: npt.NDArray[np.bool_], fine: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[np.int64]]:
    """What sentences about raw attributes (N, 8) say: key of `MEANING` → values (N,).

    sixteen, fine: does the sentence tell 16 directions apart, and 7×7 places (N,)?
    """
    # Attributes come out of single precision, and whole numbers lie on the cuts.
    x, y, size = np.round(raw[:, 1:4], 3).T
    places = {
        name: np.where(fine, np.digitize(values, GRIDS[1]), np.digitize(values, GRIDS[0]))
        for name, values in (("row", y), ("column", x))
    }
    return {
        "shape": raw[:, 0].astype(np.int64),
        "size": np.digitize(size, SIZE_CUTS),
        "colour": nearest_colour(np.round(raw[:, 5:8])),
        "direction": directions(raw[:, 4], sixteen),
        **places,
    }
