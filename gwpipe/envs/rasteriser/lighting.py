"""Light at a triangle's corners (Gouraud), one colour a drawing pass, as OpenGL's fixed pipeline does it.

Pass 0 is every light that casts no shadow together (MuJoCo's headlight); each shadow-casting light has a pass of its
own. A pass is clamped at the corner, before texture and shadow.
"""

from typing import NamedTuple

import mujoco
import numpy as np
from numba import njit

from gwpipe.errors import UserError


class Lights(NamedTuple):
    """The directional lights of a scene, as seen from `eye` (3,) m.

    toward (n, 3): unit vectors to each light; colours (n, 3, 3): ambient, diffuse, specular; passes (n,): the pass that
    each belongs to.
    """

    eye: np.ndarray
    toward: np.ndarray
    colours: np.ndarray
    passes: np.ndarray


def lights_of(scene: mujoco.MjvScene, eye: np.ndarray) -> Lights:
    """The lights of MuJoCo's scene.

    Raises:
        UserError: for a light that is not directional.
    """
    toward, colours, passes, casting = [], [], [], 0
    for index in range(scene.nlight):
        light = scene.lights[index]
        if light.type != mujoco.mjtLightType.mjLIGHT_DIRECTIONAL:
            raise UserError("the software rasteriser knows directional lights alone; use fidelity='exact'")
        direction = np.array(light.dir, dtype=np.float64)
        toward.append(-direction / np.linalg.norm(direction))
        colours.append([light.ambient, light.diffuse, light.specular])
        casting += int(light.castshadow)
        passes.append(casting if light.castshadow else 0)
    return Lights(
        eye,
        np.array(toward, dtype=np.float64).reshape(-1, 3),
        np.array(colours, dtype=np.float64).reshape(-1, 3, 3),
        np.array(passes, dtype=np.int64),
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


# Below a kernel's first call arrays are passed one by one: reading a named tuple's field counts references every time.
@njit(cache=True, nogil=True, fastmath=False)
def light_triangle(
    t: int,
    geom: int,
    triangles: np.ndarray,
    normals: np.ndarray,
    material: np.ndarray,
    rotations: np.ndarray,
    world: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes_of: np.ndarray,
    lit: np.ndarray,
    slot: int,
) -> None:
    """Light the corners of triangle `t`, of geom `geom`, into lit[slot] of lit (m, 3, passes, 3).

    The arrays are those of `Surface`, `Shown` and `Lights`.
    """
    passes = lit.shape[2]
    for corner in range(3):
        vertex = triangles[t, corner]
        a, b, c = normals[t, corner, 0], normals[t, corner, 1], normals[t, corner, 2]
        nx = rotations[geom, 0, 0] * a + rotations[geom, 0, 1] * b + rotations[geom, 0, 2] * c
        ny = rotations[geom, 1, 0] * a + rotations[geom, 1, 1] * b + rotations[geom, 1, 2] * c
        nz = rotations[geom, 2, 0] * a + rotations[geom, 2, 1] * b + rotations[geom, 2, 2] * c
        vx = eye[0] - world[vertex, 0]
        vy = eye[1] - world[vertex, 1]
        vz = eye[2] - world[vertex, 2]
        length = np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx / length, vy / length, vz / length
        for index in range(passes):
            for channel in range(3):
                lit[slot, corner, index, channel] = material[geom, 5] * material[geom, channel] if index == 0 else 0.0
        for light in range(toward.shape[0]):
            index = passes_of[light]
            lx, ly, lz = toward[light, 0], toward[light, 1], toward[light, 2]
            facing = nx * lx + ny * ly + nz * lz
            shine = 0.0
            if facing > 0.0:
                hx, hy, hz = lx + vx, ly + vy, lz + vz
                half = nx * hx + ny * hy + nz * hz
                if half > 0.0:
                    cosine = half / np.sqrt(hx * hx + hy * hy + hz * hz)
                    shine = material[geom, 3] * _power(cosine, material[geom, 4])
            else:
                facing = 0.0
            for channel in range(3):
                dull = colours[light, 0, channel] + colours[light, 1, channel] * facing
                lit[slot, corner, index, channel] += material[geom, channel] * dull + colours[light, 2, channel] * shine
        for index in range(passes):
            for channel in range(3):
                lit[slot, corner, index, channel] = min(lit[slot, corner, index, channel], 1.0)
