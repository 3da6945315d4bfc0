"""Learning curves of several seeds as one line: smoothed, then averaged at steps that every seed has reached."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from gwpipe.evaluation.criterion import smoothed
from gwpipe.figures.methods import in_order

POINTS = 200
"""Steps at which the seeds of a method are averaged."""
Spread = Callable[[float, float, int], npt.NDArray[np.float64]]
"""`np.geomspace` for a logarithmic axis, `np.linspace` for a plain one."""


def averaged(points: pd.DataFrame, window: int, spread: Spread) -> pd.DataFrame:
    """Columns `method`, `step`, `mean`, `sem` and `seeds`, methods in the order of their table.

    Each run's trailing mean over `window` episodes, then mean and standard error over the seeds (no error for one).
    A run counts by its last full window; one that never filled a window is left out.

    Args:
        points: raw curves of one task and one metric, a point an episode.
    """
    rows = []
    for method in sorted(points["method"].unique(), key=in_order):
        of_method = points[points["method"] == method]
        runs = [_run(run, window) for _, run in of_method.groupby("seed")]
        runs = [(steps, values) for steps, values in runs if len(steps)]
        if not runs:
            continue
        first, last = max(steps[0] for steps, _ in runs), min(steps[-1] for steps, _ in runs)
        grid = np.unique(spread(first, max(first, last), POINTS).round().astype(np.int64))
        at = np.stack([values[np.searchsorted(steps, grid, "right") - 1] for steps, values in runs])
        sem = at.std(0, ddof=1) / np.sqrt(len(at)) if len(at) > 1 else np.full(len(grid), np.nan)
        rows.append(pd.DataFrame({"method": method, "step": grid, "mean": at.mean(0), "sem": sem, "seeds": len(at)}))
    return (
        pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["method", "step", "mean", "sem", "seeds"])
    )


def _run(run: pd.DataFrame, window: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    ordered = run.sort_values("step")
    values = smoothed(ordered["value"].to_numpy(dtype=float), window)
    return ordered["step"].to_numpy(dtype=np.int64)[window - 1 :], values
