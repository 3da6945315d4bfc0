"""From what each sample sees to the picture: shade, take the shadows off, add the passes, blend what is clear, average.

The frame buffer holds whole numbers 0 to 255 after every pass, as the stock renderer's does.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.raster import SAMPLES
from gwpipe.envs.rasteriser.shading import light_triangle, shade
from gwpipe.envs.rasteriser.shadows import texel_of


@njit(cache=True, nogil=True, fastmath=False)
def _byte(value: float) -> float:
    return np.floor(value * 255.0 + 0.5)


@njit(cache=True, nogil=True, fastmath=False)
def still_colours(
    base: np.ndarray, by_light: np.ndarray, texel: np.ndarray, far: np.ndarray, maps: np.ndarray, out: np.ndarray
) -> None:
    """Fixed fragments' colours under the moving shadows.

    Args:
        base: (n, 3) pass 0, bytes. by_light: (n, lights, 3), bytes, zero where a fixed thing casts its shadow.
        texel, far: (n, lights): where each looks in the moving maps (−1: nowhere) and its depth, m.
        maps: float32 (lights, size²). out: (n, 3) is overwritten, bytes.
    """
    lights = by_light.shape[1]
    for n in range(base.shape[0]):
        red, green, blue = base[n, 0], base[n, 1], base[n, 2]
        for light in range(lights):
            where = texel[n, light]
            if where < 0 or far[n, light] <= maps[light, where]:
                red += by_light[n, light, 0]
                green += by_light[n, light, 1]
                blue += by_light[n, light, 2]
        out[n, 0] = min(red, np.float32(255.0))
        out[n, 1] = min(green, np.float32(255.0))
        out[n, 2] = min(blue, np.float32(255.0))


@njit(cache=True, nogil=True, fastmath=False)
def paint(
    seen: np.ndarray,
    still: np.ndarray,
    still_colour: np.ndarray,
    left: int,
    top: int,
    triangles: np.ndarray,
    triangle_geom: np.ndarray,
    normals: np.ndarray,
    coordinates: np.ndarray,
    material: np.ndarray,
    texture: np.ndarray,
    mapping: np.ndarray,
    rotations: np.ndarray,
    world: np.ndarray,
    corner: np.ndarray,
    closeness: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes: np.ndarray,
    texels: np.ndarray,
    table: np.ndarray,
    moving_maps: np.ndarray,
    moving_matrices: np.ndarray,
    moving_size: int,
    fixed_maps: np.ndarray,
    fixed_matrices: np.ndarray,
    fixed_size: int,
    slot: np.ndarray,
    lit_of: np.ndarray,
    lit: np.ndarray,
    canvas: np.ndarray,
) -> None:
    """Colour every sample of `canvas` float32 (h, w, 4, 3), bytes.

    Args:
        seen: int32 (h, w, 4): the moving triangle at a sample, −1 where the fixed scene is seen.
        still: int32 (h, w, 4) indices into still_colour (n, 3).
        slot, lit_of, lit: memory of the triangles lit so far in this picture: slot int32 (t,), lit_of int32 (m,) and
            lit (m, 3, passes, 3); a triangle beyond m is lit again for every pixel.
    """
    height, width = seen.shape[0], seen.shape[1]
    count = lit.shape[2]
    colour = np.empty((count, 3))
    point = np.empty(3)
    scratch = np.empty((2, 3))
    used = 0
    last = lit.shape[0] - 1
    for row in range(height):
        for column in range(width):
            for sample in range(SAMPLES):
                t = seen[row, column, sample]
                if t < 0:
                    for channel in range(3):
                        canvas[row, column, sample, channel] = still_colour[still[row, column, sample], channel]
                    continue
                done = False
                for earlier in range(sample):
                    if seen[row, column, earlier] == t:
                        for channel in range(3):
                            canvas[row, column, sample, channel] = canvas[row, column, earlier, channel]
                        done = True
                        break
                if done:
                    continue
                place = slot[t]
                geom = triangle_geom[t]
                if place >= used or lit_of[place] != t:
                    place = used if used < last else last
                    if used < last:
                        used += 1
                        slot[t] = place
                        lit_of[place] = t
                    light_triangle(
                        t,
                        triangles,
                        normals,
                        world,
                        rotations[geom],
                        material[geom],
                        eye,
                        toward,
                        colours,
                        passes,
                        lit[place],
                    )
                shade(
                    triangles[t],
                    column + left,
                    row + top,
                    corner,
                    closeness,
                    world,
                    coordinates,
                    lit[place],
                    texture[geom],
                    mapping[geom],
                    texels,
                    table,
                    scratch,
                    colour,
                    point,
                )
                for channel in range(3):
                    canvas[row, column, sample, channel] = _byte(colour[0, channel])
                for light in range(count - 1):
                    where, far = texel_of(moving_matrices[light], point[0], point[1], point[2], moving_size)
                    if where >= 0 and far > moving_maps[light, where]:
                        continue
                    where, far = texel_of(fixed_matrices[light], point[0], point[1], point[2], fixed_size)
                    if where >= 0 and far > fixed_maps[light, where]:
                        continue
                    for channel in range(3):
                        canvas[row, column, sample, channel] += _byte(colour[1 + light, channel])
                for channel in range(3):
                    if canvas[row, column, sample, channel] > 255.0:
                        canvas[row, column, sample, channel] = 255.0


@njit(cache=True, nogil=True, fastmath=False)
def blend(
    seen: np.ndarray,
    left: int,
    top: int,
    triangles: np.ndarray,
    normals: np.ndarray,
    coordinates: np.ndarray,
    material: np.ndarray,
    alpha: float,
    texture: np.ndarray,
    mapping: np.ndarray,
    rotation: np.ndarray,
    world: np.ndarray,
    corner: np.ndarray,
    closeness: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes: np.ndarray,
    texels: np.ndarray,
    table: np.ndarray,
    canvas: np.ndarray,
) -> None:
    """Blend one clear geom over the canvas where `seen` int32 (h, w, 4) holds its triangles: all lights, no shadow."""
    height, width = seen.shape[0], seen.shape[1]
    colour = np.empty((1, 3))
    point = np.empty(3)
    scratch = np.empty((2, 3))
    lit = np.empty((3, 1, 3))
    for row in range(height):
        for column in range(width):
            ready = -1
            for sample in range(SAMPLES):
                t = seen[row, column, sample]
                if t < 0:
                    continue
                if t != ready:
                    light_triangle(t, triangles, normals, world, rotation, material, eye, toward, colours, passes, lit)
                    shade(
                        triangles[t],
                        column + left,
                        row + top,
                        corner,
                        closeness,
                        world,
                        coordinates,
                        lit,
                        texture,
                        mapping,
                        texels,
                        table,
                        scratch,
                        colour,
                        point,
                    )
                    ready = t
                for channel in range(3):
                    under = canvas[row, column, sample, channel]
                    over = 255.0 * colour[0, channel]
                    canvas[row, column, sample, channel] = np.floor(under * (1.0 - alpha) + over * alpha + 0.5)


@njit(cache=True, nogil=True, fastmath=False)
def resolve(canvas: np.ndarray, out: np.ndarray) -> None:
    """The mean of a pixel's four samples, float32 (h, w, 4, 3) → uint8 (h, w, 3)."""
    for row in range(canvas.shape[0]):
        for column in range(canvas.shape[1]):
            for channel in range(3):
                total = 0.0
                for sample in range(SAMPLES):
                    total += canvas[row, column, sample, channel]
                out[row, column, channel] = np.uint8(total / SAMPLES + 0.5)
