"""The colour of one pixel of one triangle: light interpolated from the corners, texture, the point it lies at.

A triangle is shaded once a pixel, at the pixel's centre, whichever of the four samples it covers.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.lighting import light_corner
from gwpipe.envs.rasteriser.textures import CUBE, FLAT, NO_TEXTURE, cube_face, face_coordinates, look_up


@njit(cache=True, nogil=True, fastmath=False)
def light_triangle(
    t: int,
    triangles: np.ndarray,
    normals: np.ndarray,
    world: np.ndarray,
    rotation: np.ndarray,
    material: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes: np.ndarray,
    out: np.ndarray,
) -> None:
    """Light triangle `t`'s three corners into out (3, passes, 3); `rotation` (3, 3) and `material` are its geom's."""
    normal = np.empty(3)
    for corner in range(3):
        for axis in range(3):
            normal[axis] = (
                rotation[axis, 0] * normals[t, corner, 0]
                + rotation[axis, 1] * normals[t, corner, 1]
                + rotation[axis, 2] * normals[t, corner, 2]
            )
        light_corner(world[triangles[t, corner]], normal, eye, toward, colours, passes, material, out[corner])


@njit(cache=True, nogil=True, fastmath=False)
def _weights(corner: np.ndarray, closeness: np.ndarray, triangle: np.ndarray, x: int, y: int, out: np.ndarray) -> None:
    """Perspective-correct weights (3,) of a triangle's corners at (x, y) in 1/256 pixel."""
    i, j, k = triangle[0], triangle[1], triangle[2]
    x0, y0, x1, y1, x2, y2 = corner[i, 0], corner[i, 1], corner[j, 0], corner[j, 1], corner[k, 0], corner[k, 1]
    out[0] = ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) * closeness[i]
    out[1] = ((x0 - x2) * (y - y2) - (y0 - y2) * (x - x2)) * closeness[j]
    out[2] = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) * closeness[k]
    total = out[0] + out[1] + out[2]
    for index in range(3):
        out[index] /= total


@njit(cache=True, nogil=True, fastmath=False)
def _texture_at(
    weights: np.ndarray,
    triangle: np.ndarray,
    coordinates: np.ndarray,
    kind: int,
    mapping: np.ndarray,
    face: int,
) -> tuple[float, float, int]:
    x = y = z = 0.0
    for index in range(3):
        x += weights[index] * coordinates[triangle[index], 0]
        y += weights[index] * coordinates[triangle[index], 1]
        z += weights[index] * coordinates[triangle[index], 2]
    if kind == FLAT:
        return mapping[0] * x + mapping[1], mapping[2] * y + mapping[3], 0
    x, y, z = x * mapping[0], y * mapping[1], z * mapping[2]
    if face < 0:
        face = cube_face(x, y, z)
    u, v = face_coordinates(face, x, y, z)
    return u, v, face


@njit(cache=True, nogil=True, fastmath=False)
def shade(
    triangle: np.ndarray,
    column: int,
    row: int,
    corner: np.ndarray,
    closeness: np.ndarray,
    world: np.ndarray,
    coordinates: np.ndarray,
    lit: np.ndarray,
    texture: np.ndarray,
    mapping: np.ndarray,
    texels: np.ndarray,
    table: np.ndarray,
    scratch: np.ndarray,
    colour: np.ndarray,
    point: np.ndarray,
) -> None:
    """Shade a triangle (3,) at the centre of the whole picture's pixel (column, row).

    Args:
        lit: (3, passes, 3) from `light_triangle`. texture (2,), mapping (4,): the geom's. scratch: (2, 3).
        colour: (passes, 3) is overwritten, 0 to 1. point: (3,) is overwritten, m.
    """
    weights, texel = scratch[0], scratch[1]
    kind = texture[0]
    texel[:] = 1.0
    if kind != NO_TEXTURE:
        # The step of texture a pixel, as llvmpipe takes it: one difference for each block of 2 × 2 pixels.
        x, y = ((column & ~1) << 8) + 128, ((row & ~1) << 8) + 128
        _weights(corner, closeness, triangle, (column << 8) + 128, (row << 8) + 128, weights)
        u, v, face = _texture_at(weights, triangle, coordinates, kind, mapping, -1)
        _weights(corner, closeness, triangle, x, y, weights)
        u0, v0, _ = _texture_at(weights, triangle, coordinates, kind, mapping, face)
        _weights(corner, closeness, triangle, x + 256, y, weights)
        u1, v1, _ = _texture_at(weights, triangle, coordinates, kind, mapping, face)
        _weights(corner, closeness, triangle, x, y + 256, weights)
        u2, v2, _ = _texture_at(weights, triangle, coordinates, kind, mapping, face)
        entry = table[texture[1]]
        rho = max(abs(u1 - u0), abs(v1 - v0), abs(u2 - u0), abs(v2 - v0)) * entry[0]
        look_up(texels, entry, u, v, rho, kind != CUBE, texel)
    _weights(corner, closeness, triangle, (column << 8) + 128, (row << 8) + 128, weights)
    for axis in range(3):
        point[axis] = (
            weights[0] * world[triangle[0], axis]
            + weights[1] * world[triangle[1], axis]
            + weights[2] * world[triangle[2], axis]
        )
    for index in range(colour.shape[0]):
        for channel in range(3):
            light = (
                weights[0] * lit[0, index, channel]
                + weights[1] * lit[1, index, channel]
                + weights[2] * lit[2, index, channel]
            )
            colour[index, channel] = min(max(light, 0.0), 1.0) * texel[channel]
