"""The robodesk package's desk, imported quietly, its model loaded once a process, its faults mended on request.

Source: robodesk 1.0.0 (PyPI). Physics, inverse kinematics and reward functions are the package's own.
"""

import contextlib
import functools
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from gwpipe.envs.robodesk_starts import move_hand, scatter_objects

Where = Literal["start", "anywhere"]

_global_random = threading.Lock()


@contextlib.contextmanager
def _quiet_import() -> Iterator[None]:
    """gym prints a notice of deprecation, dm_control tries every OpenGL and warns: neither is needed here."""
    chosen = os.environ.get("MUJOCO_GL")
    os.environ["MUJOCO_GL"] = "disabled"
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        if chosen is None:
            del os.environ["MUJOCO_GL"]
        else:
            os.environ["MUJOCO_GL"] = chosen


with _quiet_import():
    from dm_control import mujoco
    from mujoco import mj_getState, mj_setState, mj_stateSize, mj_step1, mjtState
    from robodesk import robodesk as package

_STATE = mjtState.mjSTATE_INTEGRATION
_REMEMBERED = ("success", "num_steps", "previous_z_angle", "total_rotation", "drawer_opened")
"""What the package's desk keeps beside the simulation, and where objects started."""


def _reached_message(record: logging.LogRecord) -> bool:
    return "Failed to converge" not in record.getMessage()


# Inverse kinematics of a target out of reach ends with the nearest posture; dm_control logs a line each time.
logging.getLogger("absl").addFilter(_reached_message)


@functools.cache
def _shared_physics() -> Any:
    return mujoco.Physics.from_xml_path(model_path())


def model_path() -> str:
    """The XML file of the desk in the installed package."""
    return os.path.join(os.path.dirname(package.__file__), "assets", "desk.xml")


@contextlib.contextmanager
def _one_model_a_process() -> Iterator[None]:
    """The package's constructor loads the XML (0.6 s, 50 MB); while this is open it gets new data on a shared model."""
    copied = SimpleNamespace(from_xml_path=lambda path: _shared_physics().copy(share_model=True))
    package.mujoco = SimpleNamespace(Physics=copied)
    try:
        yield
    finally:
        package.mujoco = mujoco


class Desk(package.RoboDesk):
    """One desk: physics, inverse kinematics and rewards of the package, one environment step a call.

    Args:
        task: one of the package's 18 task names.
        reward: "dense", "sparse" or "success".
        upstream: keep the package's fault that `original_pos` follows the objects, which leaves the lift and off-table
            rewards without a signal.
    """

    original_pos: dict[str, np.ndarray]

    def __init__(self, task: str, reward: str, upstream: bool) -> None:
        with _one_model_a_process():
            super().__init__(task=task, reward=reward, action_repeat=1, episode_length=0)
        self.upstream = upstream

    def begin(self, seed: int, hand: Where = "start", objects: Where = "start") -> None:
        """Reset to the start that `seed` gives; the global random state is left as it was.

        hand, objects: whether to put them elsewhere before anything happens, see `robodesk_starts`; what is not moved
            is where the seed has it.
        """
        with _global_random:
            state = np.random.get_state()  # noqa: NPY002 - the package draws from the global generator alone
            np.random.seed(seed)  # noqa: NPY002
            try:
                self.reset()
            finally:
                np.random.set_state(state)  # noqa: NPY002
        if objects == "anywhere":
            scatter_objects(self.physics, np.random.default_rng([seed, 1]))
        if hand == "anywhere":
            move_hand(self.physics, self.joint_bounds, self._reaching, np.random.default_rng(seed))
        self.physics_copy.data.qpos[:] = self.physics.data.qpos
        if not self.upstream:
            self.original_pos = {name: np.array(position) for name, position in self.original_pos.items()}

    def _reaching(self, place: np.ndarray) -> np.ndarray:
        """qpos with the hand at, or near, `place` (3,): the package's inverse kinematics from the present posture."""
        self.physics_copy.data.qpos[:] = self.physics.data.qpos
        return self._ik(place)

    def advance(self, action: np.ndarray) -> float:
        """One environment step (20 ms); returns its reward in [0, 1]."""
        return float(self.step(action)[1])

    def state(self) -> dict[str, Any]:
        """All that the next steps and their rewards follow from, in numbers and arrays of its own."""
        model, data = self.physics.model.ptr, self.physics.data.ptr
        integrated = np.empty(mj_stateSize(model, _STATE))
        mj_getState(model, data, integrated, _STATE)
        remembered = {name: getattr(self, name, None) for name in _REMEMBERED}
        starts = {} if self.upstream else {name: np.array(place) for name, place in self.original_pos.items()}
        return {"integrated": integrated, "starts": starts, **remembered}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`, which must come from a desk of the same task and faults."""
        model, data = self.physics.model.ptr, self.physics.data.ptr
        mj_setState(model, data, state["integrated"], _STATE)
        # As dm_control leaves them after a step: all that follows from positions and velocities is up to date.
        mj_step1(model, data)
        # Inverse kinematics starts from the posture in a copy.
        self.physics_copy.data.qpos[:] = self.physics.data.qpos
        for name in _REMEMBERED:
            setattr(self, name, state[name])
        if not self.upstream:
            self.original_pos = {name: np.array(place) for name, place in state["starts"].items()}

    def solved(self) -> bool:
        """Does the task's success predicate hold now?"""
        return bool(self._get_task_reward(self.task, "success"))

    def stock_picture(self) -> np.ndarray:
        """uint8 (120, 120, 3): the package's own picture before cropping. Needs OpenGL."""
        return np.asarray(self.render(resize=False))

    def _get_task_reward(self, task: str, reward_type: str) -> float:
        # Some predicates of the package are arrays of one number, which float() no longer accepts.
        return float(np.asarray(super()._get_task_reward(task, reward_type)).item())

    def _get_obs(self) -> dict[str, np.ndarray]:
        # The package draws in every step and reset; here the environment draws, once a decision.
        return {}
