"""What an update measured, as plain numbers."""

import math


def finite(measured: dict[str, float], update: int) -> dict[str, float]:
    """`measured` as it is.

    Raises:
        FloatingPointError: one of them is not a finite number; says which and in which update.
    """
    for name, value in measured.items():
        if not math.isfinite(value):
            raise FloatingPointError(f"update {update} measured {name} = {value}")
    return measured
