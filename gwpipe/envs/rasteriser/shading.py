"""The colour of one pixel of one triangle: light interpolated from the corners, texture, the point it lies at.

A triangle is shaded once a pixel, at the pixel's centre, whichever of the four samples it covers.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.scene import Shown, Surface
from gwpipe.envs.rasteriser.textures import CUBE, FLAT, NO_TEXTURE, Textures, cube_face, face_coordinates, look_up


@njit(cache=True, nogil=True, fastmath=False, forceinline=True)
def _weights(t: int, surface: Surface, shown: Shown, x: int, y: int) -> tuple[float, float, float]:
    """Perspective-correct weights of a triangle's corners at (x, y) in 1/256 pixel."""
    i, j, k = surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2]
    corner, closeness = shown.corner, shown.closeness
    x0, y0, x1, y1, x2, y2 = corner[i, 0], corner[i, 1], corner[j, 0], corner[j, 1], corner[k, 0], corner[k, 1]
    a = ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) * closeness[i]
    b = ((x0 - x2) * (y - y2) - (y0 - y2) * (x - x2)) * closeness[j]
    c = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) * closeness[k]
    total = a + b + c
    return a / total, b / total, c / total


@njit(cache=True, nogil=True, fastmath=False, forceinline=True)
def _place_in_texture(t: int, surface: Surface, shown: Shown, x: int, y: int, face: int) -> tuple[float, float, int]:
    """(u, v) at (x, y) in 1/256 pixel, and the cube's face that they lie on; `face` −1: the one looked at."""
    a, b, c = _weights(t, surface, shown, x, y)
    i, j, k = surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2]
    at, mapping, geom = surface.coordinates, surface.mapping, surface.triangle_geom[t]
    px = a * at[i, 0] + b * at[j, 0] + c * at[k, 0]
    py = a * at[i, 1] + b * at[j, 1] + c * at[k, 1]
    if surface.texture[geom, 0] == FLAT:
        return mapping[geom, 0] * px + mapping[geom, 1], mapping[geom, 2] * py + mapping[geom, 3], 0
    pz = a * at[i, 2] + b * at[j, 2] + c * at[k, 2]
    px, py, pz = px * mapping[geom, 0], py * mapping[geom, 1], pz * mapping[geom, 2]
    if face < 0:
        face = cube_face(px, py, pz)
    u, v = face_coordinates(face, px, py, pz)
    return u, v, face


@njit(cache=True, nogil=True, fastmath=False, forceinline=True)
def _texture_colour(
    t: int, surface: Surface, shown: Shown, textures: Textures, column: int, row: int
) -> tuple[float, float, float]:
    geom = surface.triangle_geom[t]
    if surface.texture[geom, 0] == NO_TEXTURE:
        return 1.0, 1.0, 1.0
    u, v, face = _place_in_texture(t, surface, shown, (column << 8) + 128, (row << 8) + 128, -1)
    # The step of texture a pixel, as llvmpipe takes it: one difference for each block of 2 × 2 pixels.
    x, y = ((column & ~1) << 8) + 128, ((row & ~1) << 8) + 128
    u0, v0, _ = _place_in_texture(t, surface, shown, x, y, face)
    u1, v1, _ = _place_in_texture(t, surface, shown, x + 256, y, face)
    u2, v2, _ = _place_in_texture(t, surface, shown, x, y + 256, face)
    step = max(abs(u1 - u0), abs(v1 - v0), abs(u2 - u0), abs(v2 - v0))
    red, green, blue = look_up(textures, surface.texture[geom, 1], u, v, step, surface.texture[geom, 0] != CUBE)
    return red / 255.0, green / 255.0, blue / 255.0


@njit(cache=True, nogil=True, fastmath=False, forceinline=True)
def shade(
    t: int,
    surface: Surface,
    shown: Shown,
    textures: Textures,
    lit: np.ndarray,
    slot: int,
    column: int,
    row: int,
    colour: np.ndarray,
) -> tuple[float, float, float]:
    """Shade triangle `t` at the centre of the whole picture's pixel (column, row).

    Args:
        lit: (m, 3, passes, 3); lit[slot] is the triangle's, from `light_triangle`.
        colour: (passes, 3) is overwritten, bytes (whole numbers 0 to 255).

    Returns:
        The point of the world that is seen there, m.
    """
    red, green, blue = _texture_colour(t, surface, shown, textures, column, row)
    a, b, c = _weights(t, surface, shown, (column << 8) + 128, (row << 8) + 128)
    for index in range(colour.shape[0]):
        for channel in range(3):
            light = (
                a * lit[slot, 0, index, channel] + b * lit[slot, 1, index, channel] + c * lit[slot, 2, index, channel]
            )
            texel = red if channel == 0 else (green if channel == 1 else blue)
            colour[index, channel] = np.floor(min(max(light, 0.0), 1.0) * texel * 255.0 + 0.5)
    i, j, k = surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2]
    world = shown.world
    return (
        a * world[i, 0] + b * world[j, 0] + c * world[k, 0],
        a * world[i, 1] + b * world[j, 1] + c * world[k, 1],
        a * world[i, 2] + b * world[j, 2] + c * world[k, 2],
    )
