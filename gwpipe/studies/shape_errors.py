"""How far Simple Shapes' attributes are apart, in the form of `desk_errors.errors`."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gwpipe.envs.simple_shapes import denormalise
from gwpipe.studies.attribute_errors import UNITS, row_errors


def errors(found: npt.NDArray[Any], true: npt.NDArray[Any]) -> dict[tuple[str, str], npt.NDArray[np.float64]]:
    """(quantity, unit) → error (N,) of normalised attributes (N, 11); `wrong class` is 0 or 100 %."""
    off = row_errors(denormalise(found), denormalise(true))
    wrong = 100 * off.pop("class")
    return {(quantity, UNITS[quantity]): error for quantity, error in off.items()} | {("wrong class", "%"): wrong}
