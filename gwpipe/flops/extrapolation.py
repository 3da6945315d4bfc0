"""The cost of many rows and steps from the cost of few: exact where each step repeats the same operations.

Recurrent networks run step by step, and on the meta device each step costs as much bookkeeping as arithmetic would. An
update on chunks of T rows with dreams of H steps costs a + b·T + c·H + d·T·H, whatever else its sizes are: four counts
of the shortest chunks and dreams give all four terms.
"""

from collections.abc import Callable

FEWEST_ROWS = 2
"""The first row alone is special: no gradient goes back from it."""
FEWEST_STEPS = 1


def extrapolate(count: Callable[[int, int], int], rows: int, steps: int) -> int:
    """count(rows, steps), from its values for 2 and 3 rows and 1 and 2 steps."""

    def by_steps(few_rows: int) -> int:
        first = count(few_rows, FEWEST_STEPS)
        return first + (steps - FEWEST_STEPS) * (count(few_rows, FEWEST_STEPS + 1) - first)

    first = by_steps(FEWEST_ROWS)
    return first + (rows - FEWEST_ROWS) * (by_steps(FEWEST_ROWS + 1) - first)
