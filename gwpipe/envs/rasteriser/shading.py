"""The colour of one pixel of one triangle: light interpolated from the corners, texture, the point it lies at.

A triangle is shaded once a pixel, at the pixel's centre, whichever of the four samples it covers.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.crossing import Three, crossing_weights
from gwpipe.envs.rasteriser.textures import CUBE, FLAT, NO_TEXTURE, cube_face, face_coordinates, look_up


@njit(cache=True, nogil=True, fastmath=False)
def _weights(
    t: int,
    triangles: np.ndarray,
    world: np.ndarray,
    corner: np.ndarray,
    closeness: np.ndarray,
    matrix: np.ndarray,
    x: int,
    y: int,
) -> tuple[Three, Three, Three]:
    """Weights of a triangle's corners at (x, y) in 1/256 pixel, and what they gain a pixel to the right and down.

    Linear on the screen; divided by their sum they are perspective-correct.
    """
    i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    near_i, near_j, near_k = closeness[i], closeness[j], closeness[k]
    if near_i == 0.0 or near_j == 0.0 or near_k == 0.0:
        return crossing_weights(world, matrix, i, j, k, x, y)
    x0, y0, x1, y1, x2, y2 = corner[i, 0], corner[i, 1], corner[j, 0], corner[j, 1], corner[k, 0], corner[k, 1]
    ax, ay, bx, by, cx, cy = x2 - x1, y2 - y1, x0 - x2, y0 - y2, x1 - x0, y1 - y0
    here = (
        (ax * (y - y1) - ay * (x - x1)) * near_i,
        (bx * (y - y2) - by * (x - x2)) * near_j,
        (cx * (y - y0) - cy * (x - x0)) * near_k,
    )
    right = -256 * ay * near_i, -256 * by * near_j, -256 * cy * near_k
    down = 256 * ax * near_i, 256 * bx * near_j, 256 * cx * near_k
    return here, right, down


@njit(cache=True, nogil=True, fastmath=False)
def _ahead(here: Three, right: Three, down: Three, columns: float, rows: float) -> Three:
    """The weights some pixels to the right and down."""
    return (
        here[0] + columns * right[0] + rows * down[0],
        here[1] + columns * right[1] + rows * down[1],
        here[2] + columns * right[2] + rows * down[2],
    )


@njit(cache=True, nogil=True, fastmath=False)
def _place_in_texture(
    weights: Three,
    i: int,
    j: int,
    k: int,
    geom: int,
    coordinates: np.ndarray,
    kind: int,
    mapping: np.ndarray,
    face: int,
) -> tuple[float, float, int]:
    """(u, v) of corners i, j, k so weighed, and the cube's face that they lie on; `face` −1: the one looked at."""
    a, b, c = weights
    scale = 1.0 / (a + b + c)
    a, b, c = a * scale, b * scale, c * scale
    px = a * coordinates[i, 0] + b * coordinates[j, 0] + c * coordinates[k, 0]
    py = a * coordinates[i, 1] + b * coordinates[j, 1] + c * coordinates[k, 1]
    if kind == FLAT:
        return mapping[geom, 0] * px + mapping[geom, 1], mapping[geom, 2] * py + mapping[geom, 3], 0
    pz = a * coordinates[i, 2] + b * coordinates[j, 2] + c * coordinates[k, 2]
    px, py, pz = px * mapping[geom, 0], py * mapping[geom, 1], pz * mapping[geom, 2]
    if face < 0:
        face = cube_face(px, py, pz)
    u, v = face_coordinates(face, px, py, pz)
    return u, v, face


@njit(cache=True, nogil=True, fastmath=False)
def shade(
    t: int,
    geom: int,
    triangles: np.ndarray,
    coordinates: np.ndarray,
    texture: np.ndarray,
    mapping: np.ndarray,
    world: np.ndarray,
    corner: np.ndarray,
    closeness: np.ndarray,
    matrix: np.ndarray,
    texels: np.ndarray,
    table: np.ndarray,
    lit: np.ndarray,
    slot: int,
    column: int,
    row: int,
    colour: np.ndarray,
) -> tuple[float, float, float]:
    """Shade triangle `t`, of geom `geom`, at the centre of the whole picture's pixel (column, row).

    Args:
        triangles to table: arrays of `Surface`, `Shown` (and the camera's matrix) and `Textures`.
        lit: (m, 3, passes, 3); lit[slot] is the triangle's, from `light_triangle`.
        colour: (passes, 3) is overwritten, bytes (whole numbers 0 to 255).

    Returns:
        The point of the world that is seen there, m.
    """
    red, green, blue = 255.0, 255.0, 255.0
    i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    middle_x, middle_y = (column << 8) + 128, (row << 8) + 128
    here, right, down = _weights(t, triangles, world, corner, closeness, matrix, middle_x, middle_y)
    kind = texture[geom, 0]
    if kind != NO_TEXTURE:
        u, v, face = _place_in_texture(here, i, j, k, geom, coordinates, kind, mapping, -1)
        # The step of texture a pixel, as llvmpipe takes it: one difference for each block of 2 × 2 pixels.
        first = _ahead(here, right, down, -(column & 1), -(row & 1))
        u0, v0, _ = _place_in_texture(first, i, j, k, geom, coordinates, kind, mapping, face)
        beside, below = _ahead(first, right, down, 1, 0), _ahead(first, right, down, 0, 1)
        u1, v1, _ = _place_in_texture(beside, i, j, k, geom, coordinates, kind, mapping, face)
        u2, v2, _ = _place_in_texture(below, i, j, k, geom, coordinates, kind, mapping, face)
        step = max(abs(u1 - u0), abs(v1 - v0), abs(u2 - u0), abs(v2 - v0))
        red, green, blue = look_up(texels, table, texture[geom, 1], u, v, step, kind != CUBE)
    total = here[0] + here[1] + here[2]
    a, b, c = here[0] / total, here[1] / total, here[2] / total
    for index in range(colour.shape[0]):
        for channel in range(3):
            light = (
                a * lit[slot, 0, index, channel] + b * lit[slot, 1, index, channel] + c * lit[slot, 2, index, channel]
            )
            texel = red if channel == 0 else (green if channel == 1 else blue)
            colour[index, channel] = np.floor(min(max(light, 0.0), 1.0) * texel + 0.5)
    return (
        a * world[i, 0] + b * world[j, 0] + c * world[k, 0],
        a * world[i, 1] + b * world[j, 1] + c * world[k, 1],
        a * world[i, 2] + b * world[j, 2] + c * world[k, 2],
    )
