"""From what each sample sees to the picture: shade, take the shadows off, add the passes, blend what is clear, average.

The frame buffer holds whole numbers 0 to 255 after every pass, as the stock renderer's does. Indices read from arrays
are widened to int64, and constants given as int64, so that what they are passed to is compiled once.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.lighting import Lights, light_triangle
from gwpipe.envs.rasteriser.raster import SAMPLES
from gwpipe.envs.rasteriser.scene import Shown, Surface
from gwpipe.envs.rasteriser.shading import shade
from gwpipe.envs.rasteriser.shadows import Maps, shaded
from gwpipe.envs.rasteriser.textures import Textures


@njit(cache=True, nogil=True, fastmath=False)
def still_colours(
    base: np.ndarray, by_light: np.ndarray, texel: np.ndarray, far: np.ndarray, moving: Maps, out: np.ndarray
) -> None:
    """Fixed fragments' colours under the moving shadows.

    Args:
        base: (n, 3) pass 0, bytes. by_light: (n, lights, 3), bytes, zero where a fixed thing casts its shadow.
        texel: int32 (n, lights, 2): row and column of the moving maps, −1 for none. far: (n, lights): depth, m.
        out: (n, 3) is overwritten, bytes.
    """
    for n in range(base.shape[0]):
        red, green, blue = base[n, 0], base[n, 1], base[n, 2]
        for light in range(by_light.shape[1]):
            row, column = texel[n, light, 0], texel[n, light, 1]
            if row < 0 or far[n, light] <= moving.depth[light, row, column]:
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
    matrix: np.ndarray,
    eye: np.ndarray,
    toward: np.ndarray,
    colours: np.ndarray,
    passes: np.ndarray,
    texels: np.ndarray,
    table: np.ndarray,
    moving_matrices: np.ndarray,
    moving_depth: np.ndarray,
    fixed_matrices: np.ndarray,
    fixed_depth: np.ndarray,
    slot: np.ndarray,
    lit_of: np.ndarray,
    lit: np.ndarray,
    canvas: np.ndarray,
) -> None:
    """Colour every sample of `canvas` float32 (h, w, 4, 3), bytes.

    Args:
        seen: int32 (h, w, 4): the moving triangle at a sample, −1 where the fixed scene is seen.
        still: int32 (h, w, 4) indices into still_colour (n, 3).
        triangles to fixed_depth: the arrays of `Surface`, `Shown`, `Lights`, `Textures` and of the moving and the fixed
            `Maps`, one by one: of named tuples the kernel would count references at every call.
        slot, lit_of, lit: memory of the triangles lit so far in this picture: slot int32 (t,), lit_of int32 (m,) and
            lit (m, 3, passes, 3); a triangle beyond m is lit again for every pixel.
    """
    count = lit.shape[2]
    colour = np.empty((count, 3))
    used = 0
    last = lit.shape[0] - 1
    for row in range(seen.shape[0]):
        for column in range(seen.shape[1]):
            for sample in range(SAMPLES):
                t = np.int64(seen[row, column, sample])
                if t < 0:
                    for channel in range(3):
                        canvas[row, column, sample, channel] = still_colour[still[row, column, sample], channel]
                    continue
                twin = 0
                while seen[row, column, twin] != t:
                    twin += 1
                if twin < sample:
                    for channel in range(3):
                        canvas[row, column, sample, channel] = canvas[row, column, twin, channel]
                    continue
                place, geom = np.int64(slot[t]), np.int64(triangle_geom[t])
                if place >= used or lit_of[place] != t:
                    place = np.int64(used)
                    if used < last:
                        used += 1
                        slot[t] = place
                        lit_of[place] = t
                    light_triangle(
                        t,
                        geom,
                        triangles,
                        normals,
                        material,
                        rotations,
                        world,
                        eye,
                        toward,
                        colours,
                        passes,
                        lit,
                        place,
                    )
                x, y, z = shade(
                    t,
                    geom,
                    triangles,
                    coordinates,
                    texture,
                    mapping,
                    world,
                    corner,
                    closeness,
                    matrix,
                    texels,
                    table,
                    lit,
                    place,
                    column + left,
                    row + top,
                    colour,
                )
                for light in range(count - 1):
                    if shaded(moving_matrices, moving_depth, light, x, y, z):
                        continue
                    if shaded(fixed_matrices, fixed_depth, light, x, y, z):
                        continue
                    for channel in range(3):
                        colour[0, channel] += colour[1 + light, channel]
                for channel in range(3):
                    canvas[row, column, sample, channel] = min(colour[0, channel], 255.0)


@njit(cache=True, nogil=True, fastmath=False)
def blend(
    seen: np.ndarray,
    left: int,
    top: int,
    surface: Surface,
    shown: Shown,
    lights: Lights,
    textures: Textures,
    alpha: float,
    canvas: np.ndarray,
) -> None:
    """Blend a clear geom over the canvas where `seen` int32 (h, w, 4) holds its triangles: all lights, no shadow.

    `lights` has them all in pass 0.
    """
    colour = np.empty((1, 3))
    lit, slot = np.empty((1, 3, 1, 3)), np.int64(0)
    triangles, triangle_geom, normals, coordinates, material, texture, mapping = surface
    rotations, world, corner, closeness, matrix = shown
    eye, toward, colours, passes = lights
    texels, table = textures
    for row in range(seen.shape[0]):
        for column in range(seen.shape[1]):
            ready = np.int64(-1)
            for sample in range(SAMPLES):
                t = np.int64(seen[row, column, sample])
                if t < 0:
                    continue
                if t != ready:
                    geom = np.int64(triangle_geom[t])
                    light_triangle(
                        t, geom, triangles, normals, material, rotations, world, eye, toward, colours, passes, lit, slot
                    )
                    shade(
                        t,
                        geom,
                        triangles,
                        coordinates,
                        texture,
                        mapping,
                        world,
                        corner,
                        closeness,
                        matrix,
                        texels,
                        table,
                        lit,
                        slot,
                        column + left,
                        row + top,
                        colour,
                    )
                    ready = t
                for channel in range(3):
                    under = canvas[row, column, sample, channel]
                    canvas[row, column, sample, channel] = np.floor(
                        under * (1.0 - alpha) + colour[0, channel] * alpha + 0.5
                    )


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
