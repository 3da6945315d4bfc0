"""What every scripted expert does: follow a plan, reach for points with the fingertip, turn the wrist, add noise.

An expert reads the simulator's state and acts through the same five numbers as an agent. The environment's inverse
kinematics controls where the hand is, not how it leans: it points away from the robot, about 40° below the horizontal
over the desk, flatter higher up. Only the turn about its own axis is free.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import gymnasium
import numpy as np

from gwpipe.envs.robodesk_desk import Desk
from gwpipe.errors import UserError
from gwpipe.settings.experts import place_of

FINGERTIP = 0.05
"""Metres from the end effector site to the fingertips, along the hand's axis."""

OPEN, CLOSED = 1.0, -1.0
"""The gripper's action."""

Point = np.ndarray | Callable[[], np.ndarray]
"""A point (3,) m, or what gives it anew every decision."""

_STEP = 0.0014  # metres that a full action moves the end effector in one environment step (measured: 1.4 to 1.65 mm)
_TURN = 0.011  # radians that a full action turns the wrist in one environment step
_CLEAR = 0.97  # m, a height of the tip at which the closed hand passes above the standing block
_WRIST = 6  # the wrist's place in qpos
_UP = np.array([0.0, 0.0, 1.0])


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
        self.task: str = env.unwrapped.task  # type: ignore[attr-defined]
        self.noise = noise
        self._repeat: int = env.unwrapped.action_repeat  # type: ignore[attr-defined]
        self._decision = _STEP * self._repeat
        self._rng: np.random.Generator | None = None
        self._actions: Iterator[np.ndarray] = iter(())

    def reset(self, rng: np.random.Generator) -> None:
        """Begin a new episode, after the environment's reset; `rng` draws all that is random in it."""
        self._rng = rng
        self._actions = self.plan(rng)

    def act(self, observation: object = None) -> np.ndarray:
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

    def where(self, body: str) -> np.ndarray:
        """Position of a body, (3,) m."""
        return np.array(self.desk.physics.named.data.xpos[body])

    def joint(self, name: str) -> float:
        """Position of a sliding joint, m."""
        return float(self.desk.physics.named.data.qpos[name][0])

    def yaw(self, body: str) -> float:
        """Turn of a block about the vertical, radians in (-π/2, π/2]: of its first axis from the x axis."""
        axis = self.desk.physics.named.data.xmat[body].reshape(3, 3)[:, 0]
        return float(np.arctan2(axis[1], axis[0]) if axis[0] >= 0 else np.arctan2(-axis[1], -axis[0]))

    def tip(self) -> np.ndarray:
        """Where the fingertips are, (3,) m."""
        return np.asarray(self.desk.physics.named.data.site_xpos["end_effector"] + FINGERTIP * self.axis())

    def axis(self) -> np.ndarray:
        """The hand's axis, a unit vector (3,) from the palm to the fingertips."""
        return np.array(self.desk.physics.named.data.site_xmat["end_effector"].reshape(3, 3)[:, 2])

    def level(self) -> np.ndarray:
        """The horizontal direction across the hand, (3,): with the fingers along it both are equally high."""
        across = np.cross(self.axis(), _UP)
        size = float(np.linalg.norm(across))
        # A hand that hangs straight down has no such direction of its own.
        return across / size if size > 0.1 else np.array([1.0, 0.0, 0.0])

    def steep(self) -> np.ndarray:
        """The direction (3,) across the hand and `level()`: with the fingers along it one is above the other."""
        return np.cross(self.level(), self.axis())

    def toward(self, point: np.ndarray, gripper: float, across: np.ndarray | None = None) -> np.ndarray:
        """The action (5,) that moves the tip to `point` (3,) m, each axis as fast as one decision allows.

        Args:
            gripper: `OPEN`, `CLOSED` or between.
            across: turn the wrist until the fingers lie along this direction (3,), in either order.
        """
        move = np.clip((point - self.tip()) / self._decision, -1.0, 1.0)
        turn = 0.0 if across is None else np.clip(self._wrist_error(across) / (_TURN * self._repeat), -1.0, 1.0)
        return np.array([*move, turn, gripper])

    def reach(
        self, point: Point, gripper: float, across: Point | None = None, near: float = 0.01, limit: int = 120
    ) -> Iterator[np.ndarray]:
        """Actions until the tip is `near` m from `point` (and the wrist turned), or for `limit` decisions."""
        for _ in range(limit):
            goal, direction = _now(point), None if across is None else _now(across)
            turned = direction is None or abs(self._wrist_error(direction)) < 0.1
            if turned and np.linalg.norm(goal - self.tip()) < near:
                return
            yield self.toward(goal, gripper, direction)

    def travel(self, point: Point, gripper: float, across: Point | None = None) -> Iterator[np.ndarray]:
        """Actions until the tip is above `point` as high as nothing on the desk stands."""

        def above() -> np.ndarray:
            return np.array([*_now(point)[:2], max(_CLEAR, _now(point)[2])])

        if np.linalg.norm((above() - self.tip())[:2]) > 0.05:
            yield from self.reach(lambda: np.array([*self.tip()[:2], above()[2]]), gripper, across, near=0.03)
        yield from self.reach(above, gripper, across, near=0.03)

    def rest(self, decisions: int, gripper: float, across: Point | None = None) -> Iterator[np.ndarray]:
        """Hold the tip where it is; the gripper moves."""
        place = self.tip()
        for _ in range(decisions):
            yield self.toward(place, gripper, None if across is None else _now(across))

    def stay(self, gripper: float) -> Iterator[np.ndarray]:
        """Hold the tip where it is, without end."""
        place = self.tip()
        while True:
            yield self.toward(place, gripper)

    def _wrist_error(self, across: np.ndarray) -> float:
        """Radians that the wrist still has to turn until the fingers lie along `across`, within the joint's range."""
        fingers = self.desk.physics.named.data.site_xmat["end_effector"].reshape(3, 3)[:, 1]
        axis = self.axis()
        angle = float(np.arctan2(np.cross(fingers, across) @ axis, fingers @ across))
        angle = (angle + np.pi / 2) % np.pi - np.pi / 2
        wrist = self.desk.physics.data.qpos[_WRIST]
        if abs(wrist + angle) > 2.8:
            angle -= np.pi * np.sign(angle)
        return angle


def _now(point: Point) -> np.ndarray:
    return point() if callable(point) else point


def make_expert(env: gymnasium.Env, noise: float = 0.0) -> Expert:
    """The expert for the environment's task.

    Raises:
        UserError: if the task has no expert; the message names those that have one.
    """
    module, name = place_of(getattr(env.unwrapped, "task", None))
    expert: Expert = getattr(importlib.import_module(module), name)(env, noise)
    return expert
