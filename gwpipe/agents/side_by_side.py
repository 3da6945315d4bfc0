"""Environments that act side by side, a process each: the agent decides for all of them at once.

One alone is played in this process. Observations come through pipes, as in `gwpipe.data.workers`: a tenth of a
millisecond a row, where a picture of RoboDesk takes twenty.
"""

import functools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

import gymnasium
import numpy as np

from gwpipe.data.workers import Lost, Worker
from gwpipe.errors import UserError

Observation = dict[str, np.ndarray]


class Outcome(NamedTuple):
    """What a decision led to, as Gymnasium gives it."""

    observation: Observation
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class SideBySide:
    """`count` environments; use as a context manager, which closes them.

    Args:
        make_env: makes one; picklable, if there are several.
    """

    def __init__(self, make_env: Callable[[], gymnasium.Env], count: int) -> None:
        self.count = count
        self._alone = Played(make_env()) if count == 1 else None
        self._workers = [Worker(functools.partial(_play, make_env)) for _ in range(count if count > 1 else 0)]

    def __enter__(self) -> Self:
        try:
            for worker in self._workers:
                worker.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for worker in self._workers:
            worker.end()
        if self._alone is not None:
            self._alone.env.close()

    @functools.cached_property
    def action_repeat(self) -> int:
        """Environment steps in a decision."""
        return int(next(iter(self._asked({0: ("action_repeat", None)}).values())))

    def reset(self, seeds: Mapping[int, int]) -> dict[int, Observation]:
        """First observations of the environments named, from these seeds.

        Raises:
            UserError: a process is gone.
        """
        return self._asked({at: ("reset", seed) for at, seed in seeds.items()})

    def step(self, actions: Mapping[int, Any]) -> dict[int, Outcome]:
        """One decision in each of the environments named.

        Raises:
            UserError: a process is gone.
        """
        return self._asked({at: ("step", action) for at, action in actions.items()})

    def _asked(self, questions: Mapping[int, tuple[str, Any]]) -> dict[int, Any]:
        if self._alone is not None:
            return {at: self._alone(question) for at, question in questions.items()}
        for at, question in questions.items():
            self._workers[at].give(question)
        return {at: self._answer(at) for at in questions}

    def _answer(self, at: int) -> Any:
        try:
            return self._workers[at].answer()
        except Lost:
            how = self._workers[at].end()
            del self._workers[at]
            raise UserError(
                f"the process of environment {at + 1} of {self.count} was lost ({how}); where memory ran out, give the "
                "job more or set fewer environments; the same command goes on from the last checkpoint"
            ) from None


class Played:
    """Answers (what, with what) about one environment."""

    def __init__(self, env: gymnasium.Env) -> None:
        self.env = env

    def __call__(self, question: tuple[str, Any]) -> Any:
        what, value = question
        if what == "reset":
            return self.env.reset(seed=value)[0]
        if what == "step":
            observation, reward, terminated, truncated, info = self.env.step(value)
            return Outcome(observation, float(reward), terminated, truncated, info)
        return self.env.unwrapped.action_repeat  # type: ignore[attr-defined]


def _play(make_env: Callable[[], gymnasium.Env]) -> Played:
    """What a worker process makes of itself."""
    return Played(make_env())
