"""What never moves, drawn once: which fixed triangle each sample sees, its colour a pass, and the fixed shadows."""

from dataclasses import dataclass

import numpy as np

from gwpipe.envs.rasteriser.camera import View
from gwpipe.envs.rasteriser.lighting import Lights
from gwpipe.envs.rasteriser.raster import SAMPLES, cover, place, project
from gwpipe.envs.rasteriser.scene import Part
from gwpipe.envs.rasteriser.shading import light_triangle, shade
from gwpipe.envs.rasteriser.shadows import FAR, cast, light_axes, look_from_light, map_matrix, texel_of


@dataclass(frozen=True)
class ShadowWindow:
    """Where moving things cast and receive shadows: a cube of ±`half` m around `centre` (m), as each light sees it.

    `texels`: side of the moving map of each light.
    """

    centre: tuple[float, float, float]
    half: float
    texels: int


@dataclass(frozen=True)
class ShadowFrames:
    """The maps of all shadow-casting lights: (lights, 3, 4) matrices, see `shadows.map_matrix`, and sides in texels."""

    moving: np.ndarray
    moving_size: int
    fixed: np.ndarray
    fixed_size: int
    fixed_maps: np.ndarray
    near: float
    bias: float


@dataclass(frozen=True)
class Fragments:
    """The fixed scene as seen: per sample a fragment, per fragment its colours (bytes) and its place in the maps.

    index int32 (h, w, 4); depth float32 (h, w, 4); base (n, 3); by_light (n, lights, 3); texel int32 (n, lights);
    far float32 (n, lights) m.
    """

    index: np.ndarray
    depth: np.ndarray
    base: np.ndarray
    by_light: np.ndarray
    texel: np.ndarray
    far: np.ndarray


def _cast_all(part: Part, world: np.ndarray, matrix: np.ndarray, size: int, near: float, bias: float) -> np.ndarray:
    corner, far = np.empty((len(world), 2), np.int64), np.empty(len(world))
    look_from_light(world, matrix, corner, far)
    depth = np.full((size, size), FAR, dtype=np.float32)
    cast(part.triangles, corner, far, near, bias, depth)
    return depth


def world_of(part: Part) -> np.ndarray:
    """The part's vertices (v, 3) in the world, where it was when it was read."""
    world = np.empty_like(part.vertices)
    place(part.vertices, part.vertex_geom, part.positions, part.rotations, world)
    return world


def frames_and_shadows(
    fixed: Part, lights: Lights, origins: np.ndarray, window: ShadowWindow, near: float, clip: float, stock_size: int
) -> tuple[ShadowFrames, list[np.ndarray], np.ndarray]:
    """Set up the maps and draw the fixed scene into them at the stock renderer's own resolution.

    Args:
        origins: (lights, 3) m, the lights' positions. near: m, of the camera. clip: m, half the side of a stock map.
        stock_size: texels of a stock map.

    Returns:
        The frames (with the part of the fixed maps that lies in the window), and for baking the whole fixed maps
        float32 (stock_size, stock_size) and their look-up matrices (lights, 3, 4).
    """
    world = world_of(fixed)
    whole_range = 50.0 * near / 0.1
    bias = 4.0 / 2**24 * whole_range
    moving, windowed, whole_maps, whole, window_maps = [], [], [], [], []
    window_texels = int(round(stock_size * window.half / clip))
    for light, origin in zip(lights.casters, origins):
        axes = light_axes(lights.toward[light])
        centre = axes @ (np.array(window.centre) - origin)
        moving.append(map_matrix(axes, origin, (centre[0], centre[1]), window.half, window.texels))
        look = map_matrix(axes, origin, (0.0, 0.0), clip, stock_size)
        draw = map_matrix(axes, origin, (0.0, 0.0), clip, stock_size - 2)
        draw[:2, 3] += 1.0  # MuJoCo leaves one texel of margin on each side
        depth = _cast_all(fixed, world, draw, stock_size, near, bias)
        start = np.floor((centre[:2] / clip + 1.0) * 0.5 * stock_size).astype(int) - window_texels // 2
        start = np.clip(start, 0, stock_size - window_texels)
        column, row = int(start[0]), int(start[1])
        shifted = look.copy()
        shifted[:2, 3] -= (column, row)
        windowed.append(shifted)
        window_maps.append(depth[row : row + window_texels, column : column + window_texels].reshape(-1).copy())
        whole.append(look)
        whole_maps.append(depth)
    count = len(lights.casters)
    frames = ShadowFrames(
        moving=np.array(moving).reshape(count, 3, 4),
        moving_size=window.texels,
        fixed=np.array(windowed).reshape(count, 3, 4),
        fixed_size=window_texels,
        fixed_maps=np.array(window_maps, dtype=np.float32).reshape(count, window_texels**2),
        near=near,
        bias=bias,
    )
    return frames, whole_maps, np.array(whole).reshape(count, 3, 4)


def bake(
    fixed: Part,
    view: View,
    crop: tuple[int, int, int, int],
    lights: Lights,
    texels: np.ndarray,
    table: np.ndarray,
    frames: ShadowFrames,
    whole_maps: list[np.ndarray],
    whole: np.ndarray,
) -> Fragments:
    """Draw the fixed scene: `crop` is left, top, right, bottom in pixels of the whole picture."""
    left, top, right, bottom = crop
    world = world_of(fixed)
    corner, closeness = np.zeros((len(world), 2), np.int64), np.empty(len(world))
    project(world, view.matrix, view.near, corner, closeness)
    seen = np.full((bottom - top, right - left, SAMPLES), -1, dtype=np.int32)
    depth = np.zeros(seen.shape, dtype=np.float32)
    cover(fixed.triangles, 0, len(fixed.triangles), corner, closeness, left, top, seen, depth)
    passes = len(lights.casters) + 1
    colour, point, scratch = np.empty((passes, 3)), np.empty(3), np.empty((2, 3))
    lit = np.empty((3, passes, 3))
    index = np.zeros(seen.shape, dtype=np.int32)
    base, by_light = [np.zeros(3)], [np.zeros((passes - 1, 3))]  # fragment 0: nothing is seen, black
    texel, far = [[-1] * (passes - 1)], [[0.0] * (passes - 1)]
    for row, column in np.ndindex(seen.shape[:2]):
        for t in np.unique(seen[row, column]):
            if t < 0:
                continue
            geom = fixed.triangle_geom[t]
            light_triangle(
                t,
                fixed.triangles,
                fixed.normals,
                world,
                fixed.rotations[geom],
                fixed.material[geom],
                view.eye,
                lights.toward,
                lights.colours,
                lights.passes,
                lit,
            )
            shade(
                fixed.triangles[t],
                column + left,
                row + top,
                corner,
                closeness,
                world,
                fixed.coordinates,
                lit,
                fixed.texture[geom],
                fixed.mapping[geom],
                texels,
                table,
                scratch,
                colour,
                point,
            )
            bytes_of = np.floor(colour * 255.0 + 0.5)
            looks = [texel_of(matrix, *point, frames.moving_size) for matrix in frames.moving]
            for light in range(passes - 1):
                where, distance = texel_of(whole[light], *point, whole_maps[light].shape[0])
                if where >= 0 and distance > whole_maps[light].reshape(-1)[where]:
                    bytes_of[1 + light] = 0.0
            index[row, column][seen[row, column] == t] = len(base)
            base.append(bytes_of[0])
            by_light.append(bytes_of[1:])
            texel.append([where for where, _ in looks])
            far.append([distance for _, distance in looks])
    return Fragments(
        index=index,
        depth=depth,
        base=np.array(base, dtype=np.float32),
        by_light=np.array(by_light, dtype=np.float32),
        texel=np.array(texel, dtype=np.int32).reshape(len(base), passes - 1),
        far=np.array(far, dtype=np.float32).reshape(len(base), passes - 1),
    )
