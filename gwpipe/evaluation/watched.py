"""Episodes that are kept as they are played: all that was shown, done and received."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe.agents.agent import Actor, Mode
from gwpipe.evaluation.rollouts import rollout


@dataclass(frozen=True)
class Episode:
    """T decisions, as rows 0 … T of the table of `gwpipe.agents.timing`."""

    observations: dict[str, npt.NDArray[Any]]
    """(T+1, …), as the environment gives them."""
    actions: npt.NDArray[Any]
    """(T, …), in the environment's form; the action chosen at each row but the last."""
    rewards: npt.NDArray[np.float64]
    """(T+1,), received on arriving at each row, 0 in the first."""


class Watched(gymnasium.Wrapper[dict[str, npt.NDArray[Any]], Any, dict[str, npt.NDArray[Any]], Any]):
    """An environment that remembers its episodes."""

    def __init__(self, env: gymnasium.Env) -> None:
        super().__init__(env)
        self._shown: list[list[dict[str, npt.NDArray[Any]]]] = []
        self._done: list[list[Any]] = []
        self._received: list[list[float]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        observation, info = super().reset(seed=seed, options=options)
        self._shown.append([_copied(observation)])
        self._done.append([])
        self._received.append([0.0])
        return observation, info

    def step(self, action: Any) -> tuple[dict[str, npt.NDArray[Any]], float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        self._done[-1].append(np.array(action))
        self._shown[-1].append(_copied(observation))
        self._received[-1].append(float(reward))
        return observation, float(reward), terminated, truncated, info

    @property
    def episodes(self) -> list[Episode]:
        """All so far, in their order."""
        return [
            Episode({name: np.stack([row[name] for row in shown]) for name in shown[0]}, np.stack(done), np.array(got))
            for shown, done, got in zip(self._shown, self._done, self._received)
        ]


def _copied(observation: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name: np.array(value) for name, value in observation.items()}


def watch(actor: Actor, envs: Sequence[gymnasium.Env], episodes: int, seed: int, mode: Mode) -> list[Episode]:
    """The episodes that `rollout` plays, in their order."""
    watched = [Watched(env) for env in envs]
    rollout(actor, watched, episodes, seed, mode)
    seen = [played.episodes for played in watched]
    return [seen[number % len(envs)][number // len(envs)] for number in range(episodes)]
