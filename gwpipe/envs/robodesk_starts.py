"""Starts of RoboDesk's episodes that no task has: the hand, or what lies about, anywhere.

For data. A desk's own start has everything within a few centimetres of its place, and random actions seldom move a
thing; but an agent that acts knocks blocks over and the ball off the desk, and sees what no representation was taught.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

N_ROBOT = 9
"""Joints of the robot: the first 9 entries of qpos, qvel and ctrl."""

REACH = (-0.7, 0.0, 0.55), (0.75, 1.0, 1.6)
"""Corners of a box (m): where the hand comes to over and around the desk."""
_NEAR = 0.005
"""So far (m) from its place the hand may be: inverse kinematics ends somewhere even where it does not arrive."""
_TRIES = 100
"""Places that are drawn before the hand stays at its start; half of them fit."""

_LOOSE = ("ball", "upright_block", "flat_block")
"""Joints of what lies about, 7 entries of qpos each: place and unit quaternion."""
_SLIDING = ("drawer_joint", "slide_joint")
_ABOVE = (-0.75, 0.5, 0.8), (0.75, 1.1, 1.2)
"""Corners of a box (m) from which things are dropped: above desk and shelf, and beside them."""
_MOVED = 0.3
"""How likely each thing is to be elsewhere than at its start; in one episode of six all are at theirs."""
_SETTLE, _PATIENCE = 100, 15
"""Steps of the simulation (2 ms) between two looks at whether all lies still, and looks until it is stopped."""
_STILL = 0.02
"""Speed (m/s, rad/s) below which a thing lies still."""


def move_hand(
    physics: Any, bounds: np.ndarray, inverse_kinematics: Callable[[np.ndarray], np.ndarray], rng: np.random.Generator
) -> None:
    """Put the arm, at rest, where its hand is somewhere in `REACH`, touching nothing; wrist and fingers anyhow.

    bounds: (9, 2), the least and largest of each joint. inverse_kinematics: place (3,) of the hand to qpos,
    looked for from the posture that the robot has.
    """
    data = physics.data
    start = data.qpos.copy()
    for _ in range(_TRIES):
        place = rng.uniform(*REACH)
        data.qpos[:] = start
        joints = inverse_kinematics(place)[:N_ROBOT].copy()
        joints[6] = rng.uniform(*bounds[6])
        joints[7:] = rng.uniform(*bounds[7])
        data.qpos[:N_ROBOT] = joints
        physics.forward()
        reached = np.linalg.norm(physics.named.data.site_xpos["end_effector"] - place) < _NEAR
        possible = np.all((bounds[:N_ROBOT, 0] <= joints) & (joints <= bounds[:N_ROBOT, 1]))
        if reached and possible and not _robot_meets(physics):
            return
    data.qpos[:] = start
    physics.forward()


def scatter_objects(physics: Any, rng: np.random.Generator) -> None:
    """Draw other openings of drawer and door, and drop ball and blocks anyhow from `_ABOVE`, each by chance `_MOVED`.

    The robot is held where it is until all has come to rest, on the desk or the floor. What would touch it there, as a
    drawer that is far open, is drawn again; after `_TRIES` draws everything stays at its start.
    """
    data, model = physics.data, physics.named.model
    start = data.qpos.copy()
    for _ in range(_TRIES):
        for joint in _SLIDING:
            if rng.random() < _MOVED:
                physics.named.data.qpos[joint] = rng.uniform(*model.jnt_range[joint])
        for joint in _LOOSE:
            place, turned = rng.uniform(*_ABOVE), rng.normal(size=4)
            if rng.random() < _MOVED:
                physics.named.data.qpos[joint] = [*place, *turned / np.linalg.norm(turned)]
        _settle(physics)
        if not _robot_meets(physics, (*_LOOSE, "drawer", "slide")):
            return
        data.qpos[:] = start
        physics.forward()


def _settle(physics: Any) -> None:
    """Let everything but the robot come to rest; what still rolls in the end is stopped."""
    data = physics.data
    posture = data.qpos[:N_ROBOT].copy()
    for _ in range(_PATIENCE):
        for _ in range(_SETTLE):
            physics.step()
            data.qpos[:N_ROBOT], data.qvel[:N_ROBOT] = posture, 0
        if np.abs(data.qvel[N_ROBOT:]).max() < _STILL:
            break
    data.qvel[:] = 0
    data.qacc_warmstart[:] = 0
    data.time = 0
    physics.forward()


def _robot_meets(physics: Any, things: tuple[str, ...] | None = None) -> bool:
    """Does the robot touch one of these bodies, or, where none are named, anything, itself included?"""
    model = physics.model
    robot = model.body_rootid[model.name2id("panda0_link0", "body")]
    bodies = model.geom_bodyid[physics.data.contact.geom]
    own = model.body_rootid[bodies] == robot
    if things is None:
        return bool(own.any())
    named = np.isin(bodies, [model.name2id(name, "body") for name in things])
    return bool((own.any(1) & named.any(1)).any())
