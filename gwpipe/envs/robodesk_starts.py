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

MOVABLE = ("ball", "upright_block", "flat_block")
"""Joints of what lies about, 7 entries of qpos each: place and unit quaternion."""
SLIDING = ("drawer_joint", "slide_joint")
ABOVE = (-0.75, 0.5, 0.8), (0.75, 1.1, 1.2)
"""Corners of a box (m) from which things are dropped: above desk and shelf, and beside them."""
_MOVED = 0.5
"""How likely each thing is to be elsewhere than at its start."""
_FALL = 400
"""Steps of the simulation (2 ms) until what was dropped has come to rest; from the desk to the floor takes 200."""


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
        if reached and possible and not robot_touches(physics):
            return
    data.qpos[:] = start
    physics.forward()


def scatter_objects(physics: Any, rng: np.random.Generator) -> None:
    """Draw, by even chance each, another opening of drawer and door, and drop ball and blocks anyhow from `ABOVE`.

    All of it comes to rest, on the desk or the floor, while the robot is held where it is; then nothing moves. Where
    something would come to rest on the robot, or against it, everything stays at its start.
    """
    data, named = physics.data, physics.named
    start = data.qpos.copy()
    for joint in SLIDING:
        if rng.random() < _MOVED:
            named.data.qpos[joint] = rng.uniform(*named.model.jnt_range[joint])
    for joint in MOVABLE:
        place, turned = rng.uniform(*ABOVE), rng.normal(size=4)
        if rng.random() < _MOVED:
            named.data.qpos[joint] = [*place, *turned / np.linalg.norm(turned)]
    for _ in range(_FALL):
        physics.step()
        data.qpos[:N_ROBOT], data.qvel[:N_ROBOT] = start[:N_ROBOT], 0
    physics.forward()
    if robot_touches(physics):
        data.qpos[:] = start
    data.qvel[:] = 0
    data.qacc_warmstart[:] = 0
    data.time = 0
    physics.forward()


def robot_touches(physics: Any) -> bool:
    """Does the robot touch anything, itself included?"""
    model, contacts = physics.model, physics.data.contact
    robot = model.body_rootid[model.name2id("panda0_link0", "body")]
    roots = model.body_rootid[model.geom_bodyid[contacts.geom]]
    return bool((roots == robot).any())
