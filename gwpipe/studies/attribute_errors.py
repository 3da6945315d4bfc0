"""How far found attributes are from the true ones: pixels, degrees, RGB levels, share of classes found."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Measure(NamedTuple):
    """One number that a set of errors is summed up by."""

    quantity: str
    """class, position, rotation, size or colour."""
    statistic: str
    """accuracy, mean, median or p90 (what nine in ten stay below)."""


UNITS = {"class": "%", "position": "px", "rotation": "deg", "size": "px", "colour": "RGB levels"}

MEASURES = (
    Measure("class", "accuracy"),
    Measure("position", "mean"),
    Measure("position", "median"),
    Measure("rotation", "median"),
    Measure("rotation", "p90"),
    Measure("size", "mean"),
    Measure("colour", "mean"),
)


def angle_between(first: npt.ArrayLike, second: npt.ArrayLike) -> Array:
    """Signed angle from `second` to `first`, rad in [−π, π), the short way round."""
    apart = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return (apart + np.pi) % (2 * np.pi) - np.pi


def row_errors(found: Array, true: Array) -> dict[str, Array]:
    """Errors of each row (N,), by quantity.

    found, true: raw attributes (N, 8), as in `fresh_shapes`. class: 1 where wrong. position: Euclidean, px. rotation:
    degrees in [0, 180]; all three shapes have a single axis of symmetry along their tip and none across it, so the
    angle is defined on the whole circle. size: px. colour: RGB levels, mean over the three channels.
    """
    return {
        "class": (found[:, 0] != true[:, 0]).astype(np.float64),
        "position": np.hypot(*(found[:, 1:3] - true[:, 1:3]).T),
        "rotation": np.degrees(np.abs(angle_between(found[:, 4], true[:, 4]))),
        "size": np.abs(found[:, 3] - true[:, 3]),
        "colour": np.abs(found[:, 5:] - true[:, 5:]).mean(1),
    }


def summary(errors: Mapping[str, Array]) -> dict[Measure, float]:
    """Every measure of the rows' errors, in the units of `UNITS`; class accuracy in per cent."""
    return {measure: _statistic(errors[measure.quantity], measure.statistic) for measure in MEASURES}


def _statistic(errors: Array, name: str) -> float:
    if name == "accuracy":
        return float(100 * (1 - errors.mean()))
    if name == "p90":
        return float(np.quantile(errors, 0.9))
    return float(np.mean(errors) if name == "mean" else np.median(errors))


def constant_predictor(true: Array) -> dict[Measure, float]:
    """What is reached without looking: the mean attributes of the rows (N, 8) themselves and their commonest class.

    A uniform rotation has no mean, and any constant is wrong by an angle uniform in [0°, 180°]: 90° in the median, 162°
    for nine in ten.
    """
    guess = np.tile(true.mean(0), (len(true), 1))
    guess[:, 0] = np.bincount(true[:, 0].astype(np.int64)).argmax()
    found = summary(row_errors(guess, true))
    return found | {Measure("rotation", "median"): 90.0, Measure("rotation", "p90"): 162.0}


def shortfall(measure: Measure, value: float) -> float:
    """A number that is 0 at perfection and grows with the error: of an accuracy, what is missing to 100 %."""
    return 100.0 - value if measure.statistic == "accuracy" else value
