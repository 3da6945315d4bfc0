"""What every scripted expert does: follow a plan, reach for points with the fingertip, add noise.

An expert reads the simulator's state and acts through the same five numbers as an agent.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator

import gymnasium
import numpy as np

from gwpipe.envs.robodesk_desk import Desk
from gwpipe.errors import UserError
from gwpipe.settings.experts import place_of

FINGERTIP = 0.05
"""Metres from the end effector site to the fingertips, along the hand's axis."""

OPEN, CLOSED = 1.0, -1.0
"""The gripper's action."""

_STEP = 0.0014  # metres that a full action moves the end effector in one environment step (measured: 1.4 to 1.65 mm)


class Expert(ABC):
    """Base of the scripted experts.

    Args:
        env: a RoboDesk environment (wrapped or not).
        noise: standard deviation of the normal noise on each of the five action entries; 0 is none.
    """

    def __init__(self, env: gymnasium.Env, noise: float = 0.0) -> None:
        if not noise >= 0.0:
            raise UserError(f"expert: the action noise is a standard deviation, at least 0, not {noise}")
        self.desk: Desk = env.unwrapped.desk  # type: ignore[attr-defined]
        self.noise = noise
        self._decision = _STEP * env.unwrapped.action_repeat  # type: ignore[attr-defined]
        self._rng: np.random.Generator | None = None
        self._actions: Iterator[np.ndarray] = iter(())

    def reset(self, rng: np.random.Generator) -> None:
        """Begin a new episode, after the environment's reset; `rng` draws all that is random in it."""
        self._rng = rng
        self._actions = self.plan(rng)

    def act(self) -> np.ndarray:
        """The next action, float32 (5,) in [-1, 1]; call it once a decision."""
        if self._rng is None:
            raise RuntimeError("expert: reset(rng) comes before act()")
        action = next(self._actions)
        if self.noise > 0.0:
            action = action + self._rng.normal(0.0, self.noise, size=5)
        return np.clip(action, -1.0, 1.0).astype(np.float32)

    @abstractmethod
    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield one action (5,) a decision, without end, each computed from the state of its moment."""

    def tip(self) -> np.ndarray:
        """Where the fingertips are, (3,) m."""
        data = self.desk.physics.named.data
        hand_axis = data.site_xmat["end_effector"].reshape(3, 3)[:, 2]
        return np.asarray(data.site_xpos["end_effector"] + FINGERTIP * hand_axis)

    def toward(self, point: np.ndarray, gripper: float) -> np.ndarray:
        """The action (5,) that moves the tip to `point` (3,) m, each axis as fast as one decision allows."""
        move = np.clip((point - self.tip()) / self._decision, -1.0, 1.0)
        return np.array([*move, 0.0, gripper])


def make_expert(env: gymnasium.Env, noise: float = 0.0) -> Expert:
    """The expert for the environment's task.

    Raises:
        UserError: if the task has no expert; the message names those that have one.
    """
    module, name = place_of(getattr(env.unwrapped, "task", None))
    expert: Expert = getattr(importlib.import_module(module), name)(env, noise)
    return expert
