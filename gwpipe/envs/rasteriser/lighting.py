"""Light at a triangle's corners (Gouraud), one colour a drawing pass, as OpenGL's fixed pipeline does it.

Pass 0 is every light that casts no shadow together (MuJoCo's headlight); each shadow-casting light has a pass of its
own. A pass is clamped at the corner, before texture and shadow.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from numba import njit

from gwpipe.errors import UserError

AMBIENT, DIFFUSE, SPECULAR = 0, 1, 2


@dataclass(frozen=True)
class Lights:
    """The directional lights of a scene.

    toward (n, 3): unit vectors to each light; colours (n, 3, 3): ambient, diffuse, specular; passes (n,): the pass that
    each belongs to; casters: indices of the lights that cast shadows, in the order of passes 1, 2, …
    """

    toward: np.ndarray
    colours: np.ndarray
    passes: np.ndarray
    casters: list[int]


def lights_of(scene: mujoco.MjvScene) -> Lights:
    """The lights of MuJoCo's scene.

    Raises:
        UserError: for a light that is not directional.
    """
    toward, colours, passes, casters = [], [], [], []
    for index in range(scene.nlight):
        light = scene.lights[index]
        if light.type != mujoco.mjtLightType.mjLIGHT_DIRECTIONAL:
            raise UserError("the software rasteriser knows directional lights alone; use fidelity='exact'")
        direction = np.array(light.dir, dtype=np.float64)
        toward.append(-direction / np.linalg.norm(direction))
        colours.append([light.ambient, light.diffuse, light.specular])
        if light.castshadow:
            casters.append(index)
        passes.append(len(casters) if light.castshadow else 0)
    return Lights(
        np.array(toward).reshape(-1, 3),
        np.array(colours, dtype=np.float64).reshape(-1, 3, 3),
        np.array(passes),
        casters,
    )


@njit(cache=True, nogil=True, fastmath=False)
def _power(base: float, exponent: float) -> float:
    whole = int(exponent)
    if whole != exponent:
        return base**exponent
    result = 1.0
    while whole > 0:
        if whole & 1:
            result *= base
        base *= base
        whole >>= 1
    return result


@njit(cache=True, nogil=True, fastmath=False)
def light_corner(
    point: np.ndarray,
    normal: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes: np.ndarray,
    material: np.ndarray,
    out: np.ndarray,
) -> None:
    """Light one corner for every pass.

    Args:
        point, normal: (3,) in the world; eye (3,): the viewer is local.
        toward, colours, passes: as in `Lights`.
        material: (6,) red, green, blue, specular, exponent, emission.
        out: (passes, 3) is overwritten.
    """
    vx, vy, vz = eye[0] - point[0], eye[1] - point[1], eye[2] - point[2]
    length = np.sqrt(vx * vx + vy * vy + vz * vz)
    vx, vy, vz = vx / length, vy / length, vz / length
    for index in range(out.shape[0]):
        for channel in range(3):
            out[index, channel] = material[5] * material[channel] if index == 0 else 0.0
    for light in range(toward.shape[0]):
        index = passes[light]
        lx, ly, lz = toward[light, 0], toward[light, 1], toward[light, 2]
        facing = normal[0] * lx + normal[1] * ly + normal[2] * lz
        shine = 0.0
        if facing > 0.0:
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            half = normal[0] * hx + normal[1] * hy + normal[2] * hz
            if half > 0.0:
                shine = material[3] * _power(half / np.sqrt(hx * hx + hy * hy + hz * hz), material[4])
        else:
            facing = 0.0
        for channel in range(3):
            out[index, channel] += (
                material[channel] * (colours[light, 0, channel] + colours[light, 1, channel] * facing)
                + colours[light, 2, channel] * shine
            )
    for index in range(out.shape[0]):
        for channel in range(3):
            out[index, channel] = min(out[index, channel], 1.0)
