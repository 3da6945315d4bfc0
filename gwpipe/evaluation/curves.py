"""Curves as tidy CSV: `env, task, method, seed, step, metric, value`; raw values, nothing subtracted.

`step` counts environment steps. `train_return` and `success_count` have one point an episode, at its last step;
`eval_return` one an evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gwpipe.errors import UserError

if TYPE_CHECKING:  # importing pandas takes most of a second, which the column names do not need
    import pandas as pd

COLUMNS = ("env", "task", "method", "seed", "step", "metric", "value")
METRICS = ("train_return", "eval_return", "success_count")


def tidy(
    rows: Iterable[Mapping[str, float | int | str]], *, env: str, task: str, method: str, seed: int
) -> pd.DataFrame:
    """A run's rows (`step`, `metric`, `value`) with the columns that say whose they are."""
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=["step", "metric", "value"])
    frame.insert(0, "env", env)
    frame.insert(1, "task", task)
    frame.insert(2, "method", method)
    frame.insert(3, "seed", seed)
    validate(frame, f"{env} {task} {method} seed {seed}")
    return frame


def validate(frame: pd.DataFrame, source: str) -> None:
    """Check the schema.

    Raises:
        UserError: columns are missing, added or out of order, a metric is unknown or repeated at a step, a value is
            missing or no number, or the steps of a curve decrease.
    """
    if tuple(frame.columns) != COLUMNS:
        raise UserError(f"curves {source}: columns are {', '.join(frame.columns)}; they must be {', '.join(COLUMNS)}")
    unknown = set(frame["metric"]) - set(METRICS)
    if unknown:
        raise UserError(f"curves {source}: unknown metric {', '.join(sorted(unknown))}; there is {', '.join(METRICS)}")
    words = [name for name in ("step", "value") if frame[name].dtype.kind not in "if"]
    if words:
        raise UserError(f"curves {source}: a {words[0]} is no number; train anew")
    if frame["value"].isna().any() or frame["step"].isna().any():
        raise UserError(f"curves {source}: {int(frame.isna().any(axis=1).sum())} rows lack a step or value; train anew")
    for name, curve in frame.groupby(["env", "task", "method", "seed", "metric"])["step"]:
        if not (curve.diff().dropna() > 0).all():
            raise UserError(f"curves {source}: the steps of {name} do not increase; were two runs written to one file?")


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write curves to CSV with full precision."""
    validate(frame, str(path))
    frame.to_csv(path, index=False)


def read(path: Path) -> pd.DataFrame:
    """Curves from a CSV.

    Raises:
        UserError: the file is missing, unreadable or against the schema.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as fault:
        raise UserError(f"curves {path} cannot be read ({fault}); train the agent anew") from fault
    validate(frame, str(path))
    return frame
