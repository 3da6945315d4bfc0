"""Holes in Simple Shapes: combinations of attributes that training does not see, for out-of-distribution tests.

A hole names two of five kinds of attributes and a range of each. A row lies in the hole where **both** of its
attributes lie in their ranges; each value alone stays well known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gwpipe.envs.simple_shapes import POSITION_RANGE, SIZE_RANGE, denormalise
from gwpipe.errors import UserError
from gwpipe.seeding import numpy_generator

RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "shape": ((0, 2),),
    "position": ((float(POSITION_RANGE[0]), float(POSITION_RANGE[1])),) * 2,
    "size": ((float(SIZE_RANGE[0]), float(SIZE_RANGE[1])),),
    "rotation": ((0, 360),),
    "colour": ((0, 360),),
}
"""Kind → smallest and largest value of each of its axes: class index; x and y, px; size, px; angle from upright and
hue, degrees, both of which go round in a circle."""
ROUND = ("rotation", "colour")

Range = tuple[tuple[float, float], ...]
"""From and to (inclusive) on each axis of a kind; on a circle `to` may be smaller than `from`."""


@dataclass(frozen=True)
class Hole:
    """Two kinds of attributes with a range of each."""

    ranges: Mapping[str, Range]

    def __post_init__(self) -> None:
        for kind, axes in self.ranges.items():
            if kind not in RANGES or len(axes) != len(RANGES[kind]):
                raise UserError(f"a hole has no range {axes} of '{kind}'; the kinds are {', '.join(RANGES)}")
        if len(self.ranges) != 2:
            raise UserError(f"a hole is in two kinds of attributes, not in {', '.join(self.ranges) or 'none'}")


def draw_hole(seed: int, share: float = 1 / 3) -> Hole:
    """A hole in two kinds drawn from `seed`, each of whose ranges covers about `share` of what there is.

    About share² of the rows lie in it: of the class one in three, of sizes and pixels whole ones, and few shapes of
    every hue are not grey.

    Raises:
        UserError: the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UserError(f"a hole of share {share:g}: give a number between 0 and 1")
    rng = numpy_generator("hole", seed)
    chosen = rng.choice(list(RANGES), size=2, replace=False)
    return Hole({str(kind): _draw_range(str(kind), share, rng) for kind in chosen})


def _draw_range(kind: str, share: float, rng: np.random.Generator) -> Range:
    axes = RANGES[kind]
    per_axis = share ** (1 / len(axes))
    drawn = []
    for low, high in axes:
        if kind in ROUND:
            start = rng.uniform(low, high)
            drawn.append((start, (start + per_axis * (high - low)) % high))
        else:
            values = int(high - low) + 1
            width = 1 if kind == "shape" else max(1, round(per_axis * values))
            start = low + rng.integers(values - width, endpoint=True)
            drawn.append((float(start), float(start + width - 1)))
    return tuple(drawn)


def in_hole(attributes: npt.ArrayLike, hole: Hole) -> npt.NDArray[np.bool_]:
    """Which rows of normalised attributes (N, 11) lie in the hole: (N,), true where training should not see them."""
    raw = denormalise(attributes)
    inside = np.ones(len(raw), dtype=bool)
    for kind, axes in hole.ranges.items():
        for values, (start, end) in zip(_values(raw, kind), axes):
            if kind in ROUND and end < start:
                inside &= (values >= start) | (values <= end)
            else:
                inside &= (values >= start) & (values <= end)
    return inside


def _values(raw: npt.NDArray[np.float64], kind: str) -> list[npt.NDArray[np.float64]]:
    """The values of a kind, one array (N,) an axis, of raw attributes (N, 8)."""
    if kind == "rotation":
        return [np.rad2deg(raw[:, 4])]
    if kind == "colour":
        return [_hue(raw[:, 5:])]
    # Normalised attributes are float32: whole numbers come back with an error in the sixth digit.
    columns = {"shape": [0], "position": [1, 2], "size": [3]}[kind]
    return [np.round(raw[:, column], 3) for column in columns]


def _hue(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Hue in degrees [0, 360) of colours (N, 3); of grey, which has none, 0."""
    red, green, blue = rgb.T
    # The hue is the angle around the grey axis, by the hexagonal formula that HLS uses.
    top, span = rgb.max(1), np.ptp(rgb, axis=1)
    safe = np.where(span > 1e-9, span, 1.0)
    sextant = np.select(
        [span <= 1e-9, top == red, top == green],
        [0.0, (green - blue) / safe % 6, (blue - red) / safe + 2],
        (red - green) / safe + 4,
    )
    return 60 * sextant % 360
