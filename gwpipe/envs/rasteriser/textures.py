"""Textures: the mip chain as Mesa makes it, and looking a colour up in it."""

from typing import NamedTuple

import mujoco
import numpy as np
from numba import njit

from gwpipe.errors import UserError

NO_TEXTURE, FLAT, CUBE = 0, 1, 2


class Textures(NamedTuple):
    """All textures of a model in one array.

    texels uint8 (n, 3); table int64 (textures, 2 + levels): side, number of levels, then where each level starts.
    """

    texels: np.ndarray
    table: np.ndarray


def mip_chain(image: np.ndarray) -> list[np.ndarray]:
    """Levels of a uint8 (h, w, 3) image down to one pixel: pairs averaged, rounding up, across and then down.

    A chain kept in floating point would move the picture by 1.3/255.
    """
    levels = [image]
    while max(levels[-1].shape[:2]) > 1:
        level = levels[-1].astype(np.uint16)
        if level.shape[1] > 1:
            level = (level[:, 0::2] + level[:, 1::2] + 1) // 2
        if level.shape[0] > 1:
            level = (level[0::2] + level[1::2] + 1) // 2
        levels.append(level.astype(np.uint8))
    return levels


def textures_of(model: mujoco.MjModel) -> Textures:
    """All textures of a model; square images with powers of two as sides, of a cube map the first face.

    Raises:
        UserError: for a texture whose width is not a power of two.
    """
    texels: list[np.ndarray] = []
    rows: list[list[int]] = []
    start = 0
    for texture in range(model.ntex):
        width, channels = int(model.tex_width[texture]), int(model.tex_nchannel[texture])
        if width & (width - 1) or channels < 3:
            raise UserError("the software rasteriser needs colour textures a power of two wide; use fidelity='exact'")
        first = int(model.tex_adr[texture])
        flat = np.array(model.tex_data[first : first + width * width * channels], dtype=np.uint8)
        levels = mip_chain(flat.reshape(width, width, channels)[:, :, :3])
        starts = []
        for level in levels:
            starts.append(start)
            texels.append(level.reshape(-1, 3))
            start += level.shape[0] * level.shape[1]
        rows.append([width, len(levels), *starts])
    widest = max((len(row) for row in rows), default=3)
    table = np.zeros((max(1, len(rows)), widest), dtype=np.int64)
    for texture, row in enumerate(rows):
        table[texture, : len(row)] = row
    return Textures(np.concatenate(texels) if texels else np.zeros((1, 3), dtype=np.uint8), table)


@njit(cache=True, nogil=True, fastmath=False)
def cube_face(x: float, y: float, z: float) -> int:
    """Which of the six faces a direction looks at, in OpenGL's order +x -x +y -y +z -z."""
    ax, ay, az = abs(x), abs(y), abs(z)
    if ax >= ay and ax >= az:
        return 0 if x >= 0 else 1
    if ay >= az:
        return 2 if y >= 0 else 3
    return 4 if z >= 0 else 5


@njit(cache=True, nogil=True, fastmath=False)
def face_coordinates(face: int, x: float, y: float, z: float) -> tuple[float, float]:
    """(u, v) in [0, 1] of a direction on a face (OpenGL's table of cube map faces)."""
    if face == 0:
        a, b, m = -z, -y, x
    elif face == 1:
        a, b, m = z, -y, -x
    elif face == 2:
        a, b, m = x, z, y
    elif face == 3:
        a, b, m = x, -z, -y
    elif face == 4:
        a, b, m = x, -y, z
    else:
        a, b, m = -x, -y, -z
    m = max(m, 1e-12)
    return 0.5 * (a / m + 1.0), 0.5 * (b / m + 1.0)


@njit(cache=True, nogil=True, fastmath=False)
def _bilinear(
    texels: np.ndarray, start: int, side: int, u: float, v: float, repeat: bool
) -> tuple[float, float, float]:
    x, y = u * side - 0.5, v * side - 0.5
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - left, y - top
    if repeat:
        x0, x1, y0, y1 = left % side, (left + 1) % side, top % side, (top + 1) % side
    else:
        x0, x1 = min(max(left, 0), side - 1), min(max(left + 1, 0), side - 1)
        y0, y1 = min(max(top, 0), side - 1), min(max(top + 1, 0), side - 1)
    a, b = start + y0 * side + x0, start + y0 * side + x1
    c, d = start + y1 * side + x0, start + y1 * side + x1
    wa, wb, wc, wd = (1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy
    return (
        texels[a, 0] * wa + texels[b, 0] * wb + texels[c, 0] * wc + texels[d, 0] * wd,
        texels[a, 1] * wa + texels[b, 1] * wb + texels[c, 1] * wc + texels[d, 1] * wd,
        texels[a, 2] * wa + texels[b, 2] * wb + texels[c, 2] * wc + texels[d, 2] * wd,
    )


@njit(cache=True, nogil=True, fastmath=False)
def look_up(
    texels: np.ndarray, table: np.ndarray, texture: int, u: float, v: float, step: float, repeat: bool
) -> tuple[float, float, float]:
    """Trilinear colour at (u, v), 0 to 255; `step`: how far u or v goes from one pixel of the picture to the next."""
    side, levels = table[texture, 0], table[texture, 1]
    level = np.log2(max(step * side, 1e-9))
    if level <= 0.0:
        return _bilinear(texels, table[texture, 2], side, u, v, repeat)
    level = min(level, levels - 1.0)
    fine = int(level)
    share = level - fine
    red, green, blue = _bilinear(texels, table[texture, 2 + fine], side >> fine, u, v, repeat)
    if share > 0.0:
        r, g, b = _bilinear(texels, table[texture, 3 + fine], side >> (fine + 1), u, v, repeat)
        red, green, blue = red + share * (r - red), green + share * (g - green), blue + share * (b - blue)
    return red, green, blue
