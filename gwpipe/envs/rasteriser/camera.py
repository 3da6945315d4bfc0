"""The camera of a picture: where MuJoCo's free camera stands and how it projects."""

from dataclasses import dataclass

import mujoco
import numpy as np


@dataclass(frozen=True)
class FreeCamera:
    """MuJoCo's free camera: distance from `lookat` in metres, azimuth and elevation in degrees."""

    distance: float
    azimuth: float
    elevation: float
    lookat: tuple[float, float, float]


@dataclass(frozen=True)
class View:
    """A camera as numbers.

    eye (3,) and forward (3,) in m; `matrix` (3, 4) takes a world point (x, y, z, 1) to (column·w, row·w, w), pixels of
    the whole picture with rows counted downwards and w the distance along `forward`; nothing nearer than `near` shows.
    """

    eye: np.ndarray
    forward: np.ndarray
    matrix: np.ndarray
    near: float


def updated_scene(model: mujoco.MjModel, data: mujoco.MjData, camera: FreeCamera) -> mujoco.MjvScene:
    """MuJoCo's list of what is drawn in this state, with default options."""
    scene = mujoco.MjvScene(model, maxgeom=model.ngeom + model.nsite + 100)
    free = mujoco.MjvCamera()
    free.type = mujoco.mjtCamera.mjCAMERA_FREE
    free.distance, free.azimuth, free.elevation = camera.distance, camera.azimuth, camera.elevation
    free.lookat[:] = camera.lookat
    everything = mujoco.mjtCatBit.mjCAT_ALL
    mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), mujoco.MjvPerturb(), free, everything, scene)
    return scene


def view_of(scene: mujoco.MjvScene, size: int) -> View:
    """The view of a size × size picture: the mean of the scene's two stereo cameras, as MuJoCo draws it."""
    eye = np.mean([np.array(side.pos, dtype=np.float64) for side in scene.camera], axis=0)
    forward = np.mean([np.array(side.forward, dtype=np.float64) for side in scene.camera], axis=0)
    forward /= np.linalg.norm(forward)
    up = np.array(scene.camera[0].up, dtype=np.float64)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    side = scene.camera[0]
    focal = size * side.frustum_near / (side.frustum_top - side.frustum_bottom)
    columns = focal * right + 0.5 * size * forward
    rows = -focal * up + 0.5 * size * forward
    axes = np.stack([columns, rows, forward])
    matrix = np.concatenate([axes, -(axes @ eye)[:, None]], axis=1)
    return View(eye=eye, forward=forward, matrix=matrix, near=float(side.frustum_near))
