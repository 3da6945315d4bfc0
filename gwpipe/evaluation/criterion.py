"""When a task counts as solved: a share of the best smoothed return above random (Fig. 5 and Sect. IV-A).

From raw curves (`env, task, method, seed, step, metric, value`; `step` in environment steps) and the returns of the
uniform random policy:

1. A run's return is its `train_return` less the random policy's mean, averaged over the trailing `window` episodes of
   that run; before the window is full there is no value.
2. A method's best is the median over its seeds of each run's highest smoothed return; `best` is the highest of the
   methods' bests. (For an even number of seeds it is the lower of both middle runs, so that it belongs to a run.)
3. A criterion exists only if `best` is above `floor` and above `STANDARD_ERRORS` standard errors. The error is that of
   the difference of two means: s²/window + random_se², where s is the greater of the window's own spread and the
   random policy's. The window's own alone would let ten alike episodes pass for certainty; the random policy's alone
   would let one lucky episode in ten pass for learning.
4. `threshold` = `fraction` × `best`. A run reaches it at the step of the first episode whose smoothed return is at or
   above the threshold. A run that never does is censored at its last step: kept, and known to need more.
5. A method's steps are the median over its seeds, censored runs counting as later than any that arrived. For an even
   number of seeds it is the later of both middle runs. If the median run is censored, so is the median (`> N`).
"""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gwpipe.artefact import verify
from gwpipe.errors import UserError
from gwpipe.evaluation.curves import COLUMNS

if TYPE_CHECKING:  # whoever brings curves has imported it
    import pandas as pd

STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class RandomReturns:
    """Returns of the uniform random policy: their mean, its standard error, and over how many episodes."""

    mean: float
    se: float
    episodes: int

    @property
    def spread(self) -> float:
        """Standard deviation of one episode's return."""
        return self.se * math.sqrt(self.episodes)


@dataclass(frozen=True)
class Run:
    """One method and seed: best smoothed return above random, and when the threshold was reached (None: never).

    `best` is None for a run with fewer episodes than the window. `last_step` is the step of its last episode.
    """

    seed: int
    best: float | None
    steps: int | None
    last_step: int


@dataclass(frozen=True)
class Method:
    """All runs of a method, and the median over them.

    `steps` is the median run's environment steps to the criterion. If that run is censored, `steps` is None and
    `beyond` is the step that it did not reach the criterion by; where no criterion exists, both are None.
    """

    runs: list[Run]
    best: float | None
    steps: int | None
    beyond: int | None

    @property
    def legible(self) -> str:
        """`12000`, `>50000`, or an empty string where no criterion exists."""
        if self.steps is not None:
            return str(self.steps)
        return "" if self.beyond is None else f">{self.beyond}"


@dataclass(frozen=True)
class Criterion:
    """The criterion of one environment and task, and which methods reached it. Returns are above random."""

    env: str
    task: str
    fraction: float
    window: int
    floor: float
    random: RandomReturns
    best: float | None
    best_method: str | None
    best_seed: int | None
    best_se: float | None
    exists: bool
    reason: str
    threshold: float | None
    methods: dict[str, Method]

    def to_json(self) -> dict[str, Any]:
        """Plain nested dictionaries, lists, numbers and None."""
        return dataclasses.asdict(self)

    @classmethod
    def read(cls, path: Path) -> Criterion:
        """The artefact at `path`.

        Raises:
            UserError: it is missing, or damaged since it was made.
        """
        verify(path)
        return cls.from_json(json.loads(path.read_text()))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Criterion:
        """The inverse of `to_json`."""
        methods = {
            name: Method(**{**method, "runs": [Run(**run) for run in method["runs"]]})
            for name, method in values["methods"].items()
        }
        return cls(**{**values, "random": RandomReturns(**values["random"]), "methods": methods})


def smoothed(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Trailing mean over `window` episodes.

    Args:
        values: (N,), one value an episode, in order.

    Returns:
        (max(N - window + 1, 0),): entry i belongs to episode i + window - 1; a window that is not full has no value.
    """
    if len(values) < window:
        return np.empty(0)
    return np.lib.stride_tricks.sliding_window_view(values, window).mean(axis=1)


@dataclass(frozen=True)
class _Curve:
    seed: int
    steps: npt.NDArray[np.int64]
    above_random: npt.NDArray[np.float64]
    smooth: npt.NDArray[np.float64]

    @property
    def best(self) -> float | None:
        return float(self.smooth.max()) if len(self.smooth) else None

    def window_spread(self, window: int) -> float:
        """Standard deviation of the episodes behind the best smoothed value."""
        first = int(self.smooth.argmax())
        return float(self.above_random[first : first + window].std(ddof=1)) if window > 1 else 0.0

    def run(self, threshold: float | None, window: int) -> Run:
        arrived = np.flatnonzero(self.smooth >= threshold) if threshold is not None else np.empty(0, dtype=np.intp)
        steps = int(self.steps[arrived[0] + window - 1]) if len(arrived) else None
        return Run(self.seed, self.best, steps, int(self.steps[-1]))

    def held(self, threshold: float | None) -> float | None:
        """Share of the windows from its arrival on that reach the threshold; None for a run that never arrived."""
        reached = self.smooth >= (math.inf if threshold is None else threshold)
        return float(reached[reached.argmax() :].mean()) if reached.any() else None


def find_criterion(
    curves: pd.DataFrame, random: RandomReturns, *, env: str, task: str, fraction: float, window: int, floor: float
) -> Criterion:
    """Decide whether a criterion exists for `task` of `env`, and when each method reached it.

    Args:
        curves: tidy rows with the columns of `COLUMNS`; rows of other environments, tasks and metrics are passed over.
        fraction: share of the best smoothed return above random, in (0, 1).
        window: trailing window in episodes.
        floor: return above random that the best has to exceed.

    Raises:
        UserError: a column is missing, a return is not a number, or there is no `train_return` for this task.
    """
    by_method = _by_method(curves, env, task, random, window)
    bests = {name: best for name, runs in by_method.items() if (best := _median_best(runs)) is not None}
    if not bests:
        reason = f"no run has {window} episodes"
        return Criterion(
            env, task, fraction, window, floor, random, None, None, None, None, False, reason, None,
            {name: _method([run.run(None, window) for run in runs], exists=False) for name, runs in by_method.items()},
        )  # fmt: skip
    best_method = max(bests, key=lambda name: bests[name])
    best = bests[best_method]
    best_run = next(run for run in by_method[best_method] if run.best == best)
    spread = max(best_run.window_spread(window), random.spread)
    best_se = math.sqrt(spread**2 / window + random.se**2)
    exists, reason = _exists(best, best_se, floor)
    threshold = fraction * best if exists else None
    methods = {name: _method([run.run(threshold, window) for run in runs], exists) for name, runs in by_method.items()}
    return Criterion(
        env, task, fraction, window, floor, random, best, best_method, best_run.seed, best_se, exists, reason,
        threshold, methods,
    )  # fmt: skip


def on_windows(curves: pd.DataFrame, criterion: Criterion, window: int) -> dict[str, Method]:
    """When the methods arrive at the same threshold on windows of another length; on longer ones luck counts for less.

    Args:
        curves: those that the criterion was found in.
        window: trailing window in episodes.
    """
    return {
        name: _method([run.run(criterion.threshold, window) for run in runs], criterion.exists)
        for name, runs in _by_method(curves, criterion.env, criterion.task, criterion.random, window).items()
    }


def held(curves: pd.DataFrame, criterion: Criterion) -> dict[str, list[float]]:
    """How firm arrivals are: of each run that arrived, the share of its windows from then on that reach the threshold.

    An empty list for a method of which no run arrived.
    """
    by_method = _by_method(curves, criterion.env, criterion.task, criterion.random, criterion.window)
    shares = {name: [run.held(criterion.threshold) for run in runs] for name, runs in by_method.items()}
    return {name: [share for share in found if share is not None] for name, found in shares.items()}


def _by_method(
    curves: pd.DataFrame, env: str, task: str, random: RandomReturns, window: int
) -> dict[str, list[_Curve]]:
    return {name: _curves(rows, random.mean, window) for name, rows in _returns(curves, env, task)}


def _returns(curves: pd.DataFrame, env: str, task: str) -> list[tuple[str, pd.DataFrame]]:
    missing = [column for column in COLUMNS if column not in curves.columns]
    if missing:
        raise UserError(f"the curves have no column {missing[0]!r}; expected {', '.join(COLUMNS)}")
    chosen = curves[(curves["env"] == env) & (curves["task"] == task) & (curves["metric"] == "train_return")]
    if chosen.empty:
        raise UserError(f"the curves have no train_return for {env}, {task}; train an agent on it first")
    if not np.isfinite(chosen["value"].to_numpy(dtype=float)).all():
        raise UserError(f"a train_return of {env}, {task} is not a finite number; train that agent again")
    return [(str(name), rows) for name, rows in chosen.groupby("method", sort=True)]


def _curves(rows: pd.DataFrame, random_mean: float, window: int) -> list[_Curve]:
    found = []
    for _, run in rows.groupby("seed", sort=True):
        run = run.sort_values("step", kind="stable")
        above_random = run["value"].to_numpy(dtype=float) - random_mean
        steps = run["step"].to_numpy(dtype=np.int64)
        found.append(_Curve(int(run["seed"].iloc[0]), steps, above_random, smoothed(above_random, window)))
    return found


def _median_best(runs: list[_Curve]) -> float | None:
    bests = [run.best for run in runs if run.best is not None]
    return statistics.median_low(bests) if bests else None


def _exists(best: float, se: float, floor: float) -> tuple[bool, str]:
    if best <= floor:
        return False, f"best return above random {best:.4g} is not above the floor of {floor:g}"
    if best <= STANDARD_ERRORS * se:
        return (
            False,
            f"best return above random {best:.4g} is within {STANDARD_ERRORS:g} standard errors ({se:.3g} each)",
        )
    return True, f"best return above random {best:.4g} is {best / se if se else math.inf:.3g} standard errors above 0"


def _method(runs: list[Run], exists: bool) -> Method:
    bests = [run.best for run in runs if run.best is not None]
    best = statistics.median_low(bests) if bests else None
    if not exists:
        return Method(runs, best, None, None)
    arrived = sorted(run.steps for run in runs if run.steps is not None)
    middle = len(runs) // 2
    if middle < len(arrived):
        return Method(runs, best, arrived[middle], None)
    # Censored runs have no order among themselves; the earliest end is the bound that surely holds.
    return Method(runs, best, None, min(run.last_step for run in runs if run.steps is None))
