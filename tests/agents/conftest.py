"""A small world whose answers are known, and a representation that shows it as it is."""

from collections.abc import Iterator
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
import torch

from gwpipe.settings.agents import DreamingSettings

WIDTH = 3
"""z = (place / 10, a number that tells one episode from another, decisions so far / 100)."""


class Chain(gymnasium.Env[dict[str, np.ndarray], np.int64]):
    """Places 0, 1, 2, …: action 0 stays, 1 steps on, 2 jumps two. Reward on arriving: 10·place + action.

    Place 7 or beyond is terminal; the time limit comes after `limit` decisions. `action_repeat` is 2.
    """

    action_repeat: ClassVar[int] = 2

    def __init__(self, limit: int = 6) -> None:
        self.observation_space = gymnasium.spaces.Dict(
            {"attributes": gymnasium.spaces.Box(-np.inf, np.inf, (WIDTH,), np.float32)}
        )
        self.action_space = gymnasium.spaces.Discrete(3)
        self.limit, self.episode = limit, 0.0
        self.place = self.decisions = 0

    def _observation(self) -> dict[str, np.ndarray]:
        return {"attributes": np.array([self.place / 10, self.episode, self.decisions / 100], dtype=np.float32)}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        super().reset(seed=seed)
        self.place, self.decisions = int(self.np_random.integers(3)), 0
        self.episode = self.np_random.random()
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        self.place += int(action)
        self.decisions += 1
        terminated = self.place >= 7
        truncated = not terminated and self.decisions >= self.limit
        return self._observation(), 10.0 * self.place + int(action), terminated, truncated, {"success": terminated}


class Plain:
    """z is the attribute vector itself; counts how often it encodes."""

    def __init__(self, frozen: bool = True) -> None:
        self.dim, self.domains, self.default_weights = WIDTH, {"attr": WIDTH}, {"attr": 1.0}
        self.frozen, self.bounded, self.encoded = frozen, False, 0

    def encode(self, observations: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
        u = torch.from_numpy(observations["attributes"])
        self.encoded += len(u)
        return {"attr": u}

    def fuse(self, u: dict[str, torch.Tensor], weights: dict[str, float] | None = None) -> torch.Tensor:
        return u["attr"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose by a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def small() -> DreamingSettings:
    """Settings of an agent that learns the chain in seconds."""
    return DreamingSettings(
        gru_input=16,
        gru_hidden=16,
        z_hidden=[],
        head_hidden=[32],
        reward_bins=63,
        value_bins=63,
        bin_limit=6.0,
        actor_hidden=[32],
        critic_hidden=[32],
        batch_size=8,
        batch_length=10,
        imagination_length=5,
        env_steps_per_update=4,
        discount=0.9,
        replay_capacity=400,
        world_model_lr=3e-3,
        actor_critic_lr=1e-3,
    )


@pytest.fixture
def laptop() -> DreamingSettings:
    """The recipe that learns Simple Shapes on a laptop."""
    return DreamingSettings(
        gru_input=64,
        gru_hidden=64,
        z_hidden=[],
        head_hidden=[128, 128],
        reward_bins=64,
        value_bins=64,
        bin_limit=8.0,
        actor_hidden=[128, 128],
        critic_hidden=[128, 128],
        batch_size=64,
        batch_length=16,
        imagination_length=15,
        memory=15,
        advantage_scale="advantages",
        scale_floor=0.1,
        entropy=1e-2,
        env_steps_per_update=2,
        discount=0.95,
        world_model_lr=1e-3,
        actor_critic_lr=3e-4,
    )


@pytest.fixture
def chain() -> type[Chain]:
    return Chain


@pytest.fixture
def plain() -> type[Plain]:
    return Plain
