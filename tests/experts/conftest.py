"""RoboDesk without pictures, played by its experts."""

from collections.abc import Callable

import gymnasium
import numpy as np
import pytest

import gwpipe.envs  # noqa: F401 - registers
from gwpipe.experts.engine import make_expert


def _environment(**settings: object) -> gymnasium.Env:
    return gymnasium.make("gwpipe/RoboDesk-v0", observe=("attributes",), disable_env_checker=True, **settings)


def _play(task: str, seed: int, decisions: int, noise: float = 0.0, after: int | None = None) -> np.ndarray:
    env = _environment(task=task, episode_decisions=decisions)
    env.reset(seed=seed)
    expert = make_expert(env, noise)
    expert.reset(np.random.default_rng(seed))
    told: list[bool] = []
    for _ in range(decisions):
        action = expert.act()
        assert env.action_space.contains(action)
        told.append(env.step(action)[4]["success"])
        if after is not None and any(told) and len(told) > told.index(True) + after:
            break
    env.close()
    return np.array(told)


@pytest.fixture(scope="session")
def environment() -> Callable[..., gymnasium.Env]:
    """Makes an environment; takes its settings."""
    return _environment


@pytest.fixture(scope="session")
def play() -> Callable[..., np.ndarray]:
    """play(task, seed, decisions, noise, after): success, decision by decision, until `after` beyond the first."""
    return _play
