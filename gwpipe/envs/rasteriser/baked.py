"""What never moves, drawn once: which fixed triangle each sample sees, its colour a pass, and the fixed shadows."""

from dataclasses import dataclass

import numpy as np

from gwpipe.envs.rasteriser.camera import View
from gwpipe.envs.rasteriser.lighting import Lights, light_triangle
from gwpipe.envs.rasteriser.raster import SAMPLES, cover, place, project
from gwpipe.envs.rasteriser.scene import Part, Shown
from gwpipe.envs.rasteriser.shading import shade
from gwpipe.envs.rasteriser.shadows import FAR, Maps, cast, light_axes, look_from_light, map_matrix, shaded, texel_of
from gwpipe.envs.rasteriser.textures import Textures


@dataclass(frozen=True)
class ShadowWindow:
    """Where moving things cast and receive shadows: a cube of ±`half` m around `centre` (m), as each light sees it.

    `texels`: side of the moving map of each light.
    """

    centre: tuple[float, float, float]
    half: float
    texels: int


@dataclass(frozen=True)
class StockMaps:
    """MuJoCo's own shadow maps: origins (lights, 3) m and axes (lights, 3, 3) of the lights, ±`clip` m, `size` texels.

    near: m, nothing nearer to the light casts a shadow. bias: m, the part of it that does not depend on slope.
    """

    origins: np.ndarray
    axes: np.ndarray
    clip: float
    size: int
    near: float
    bias: float


@dataclass(frozen=True)
class Fragments:
    """The fixed scene as seen: per sample a fragment, per fragment its colours (bytes) and its place in moving maps.

    index int32 (h, w, 4); depth float32 (h, w, 4); base (n, 3); by_light (n, lights, 3); texel int32 (n, lights, 2);
    far float32 (n, lights) m.
    """

    index: np.ndarray
    depth: np.ndarray
    base: np.ndarray
    by_light: np.ndarray
    texel: np.ndarray
    far: np.ndarray


def stock_maps(lights: Lights, origins: np.ndarray, clip: float, size: int, near: float, range_: float) -> StockMaps:
    """The stock maps of the shadow-casting lights; `range_`: m from the near to the far plane."""
    axes = np.array([light_axes(toward) for toward in lights.toward[lights.passes > 0]]).reshape(-1, 3, 3)
    return StockMaps(origins, axes, clip, size, near, bias=4.0 / 2**24 * range_)


def moving_matrices(stock: StockMaps, window: ShadowWindow) -> np.ndarray:
    """(lights, 3, 4) of the window's moving maps."""
    matrices = []
    for axes, origin in zip(stock.axes, stock.origins):
        right, up, _ = axes @ (np.array(window.centre) - origin)
        matrices.append(map_matrix(axes, origin, (right, up), window.half, window.texels))
    return np.array(matrices).reshape(-1, 3, 4)


def shown_as_read(part: Part, view: View) -> Shown:
    """The part where it was when it was read."""
    count = len(part.vertices)
    shown = Shown(part.rotations, np.empty((count, 3)), np.zeros((count, 2), np.int64), np.zeros(count), view.matrix)
    place(part.vertices, part.vertex_geom, part.positions, part.rotations, shown.world)
    project(shown.world, view.matrix, view.near, shown.corner, shown.closeness)
    return shown


def fixed_maps(fixed: Part, shown: Shown, stock: StockMaps) -> Maps:
    """The fixed scene's shadows at the stock resolution, depth (lights, size, size): large, for baking alone."""
    corner, far = np.empty((len(shown.world), 2), np.int64), np.empty(len(shown.world))
    either_face = np.zeros(len(fixed.surface.triangles), dtype=bool)
    depth = np.full((len(stock.axes), stock.size, stock.size), FAR, dtype=np.float32)
    looks = []
    for light, (axes, origin) in enumerate(zip(stock.axes, stock.origins)):
        draw = map_matrix(axes, origin, (0.0, 0.0), stock.clip, stock.size - 2)
        draw[:2, 3] += 1.0  # MuJoCo leaves one texel of margin on each side when drawing, not when looking up
        look_from_light(shown.world, draw, corner, far)
        cast(fixed.surface.triangles, either_face, corner, far, stock.near, stock.bias, depth[light])
        looks.append(map_matrix(axes, origin, (0.0, 0.0), stock.clip, stock.size))
    return Maps(np.array(looks).reshape(-1, 3, 4), depth)


def windowed(whole: Maps, stock: StockMaps, window: ShadowWindow) -> Maps:
    """The part of the fixed maps that moving things look at."""
    size = min(stock.size, round(stock.size * window.half / stock.clip))
    matrices, depth = whole.matrices.copy(), np.empty((len(whole.depth), size, size), dtype=np.float32)
    for light, matrix in enumerate(matrices):
        middle = matrix[:2] @ np.array([*window.centre, 1.0])
        column, row = np.clip(np.floor(middle).astype(int) - size // 2, 0, stock.size - size)
        matrix[:2, 3] -= (column, row)
        depth[light] = whole.depth[light, row : row + size, column : column + size]
    return Maps(matrices, depth)


def bake(
    fixed: Part,
    shown: Shown,
    crop: tuple[int, int, int, int],
    lights: Lights,
    textures: Textures,
    whole: Maps,
    moving: Maps,
    near: float,
) -> Fragments:
    """Draw the fixed scene; `crop`: left, top, right, bottom in pixels of the whole picture; `near` in m."""
    left, top, right, bottom = crop
    surface = fixed.surface
    seen = np.full((bottom - top, right - left, SAMPLES), -1, dtype=np.int32)
    depth = np.zeros(seen.shape, dtype=np.float32)
    cover(surface.triangles, 0, len(surface.triangles), *shown[1:], near, left, top, seen, depth)
    casting = len(whole.depth)
    colour, lit = np.empty((casting + 1, 3)), np.empty((1, 3, casting + 1, 3))
    index = np.zeros(seen.shape, dtype=np.int32)
    base, by_light = [np.zeros(3)], [np.zeros((casting, 3))]  # fragment 0: nothing is seen, black
    looks = [[(-1, -1, 0.0)] * casting]
    for row, column in np.ndindex(seen.shape[:2]):
        here = seen[row, column]
        for t in set(here[here >= 0].tolist()):
            geom = int(surface.triangle_geom[t])
            light_triangle(
                t,
                geom,
                surface.triangles,
                surface.normals,
                surface.material,
                shown.rotations,
                shown.world,
                *lights,
                lit,
                0,
            )
            point = shade(
                t,
                geom,
                surface.triangles,
                surface.coordinates,
                surface.texture,
                surface.mapping,
                shown.world,
                shown.corner,
                shown.closeness,
                shown.matrix,
                *textures,
                lit,
                0,
                column + left,
                row + top,
                colour,
            )
            unshaded = [not shaded(*whole, light, *point) for light in range(casting)]
            index[row, column][here == t] = len(base)
            base.append(colour[0].copy())
            by_light.append(colour[1:] * np.array(unshaded)[:, None])
            size = moving.depth.shape[1]
            looks.append([texel_of(moving.matrices, light, size, *point) for light in range(casting)])
    found = np.array(looks).reshape(len(base), casting, 3)
    return Fragments(
        index=index,
        depth=depth,
        base=np.array(base, dtype=np.float32),
        by_light=np.array(by_light, dtype=np.float32).reshape(len(base), casting, 3),
        texel=np.ascontiguousarray(found[..., :2], dtype=np.int32),
        far=np.ascontiguousarray(found[..., 2], dtype=np.float32),
    )
