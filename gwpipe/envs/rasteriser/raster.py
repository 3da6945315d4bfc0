"""Which triangle is seen at each sample of each pixel.

Corners are snapped to 1/256 pixel and edges tested in integers, so that neighbouring triangles leave no gap and every
processor finds the same samples.
"""

import numpy as np
from numba import njit

from gwpipe.envs.rasteriser.crossing import cover_crossing

SAMPLES = 4
_AT = np.array([[96, 224], [224, 160], [32, 96], [160, 32]], dtype=np.int64)
"""The standard four multisample points, 1/256 pixel, rows downwards."""
_LINES = np.argsort(_AT[:, 0])
"""The sample on each of the four lines of samples that go down through a pixel, 64/256 apart, from the left."""


@njit(cache=True, nogil=True, fastmath=False)
def place(
    vertices: np.ndarray, vertex_geom: np.ndarray, positions: np.ndarray, rotations: np.ndarray, world: np.ndarray
) -> None:
    """Vertices (v, 3) of geoms' frames into `world` (v, 3)."""
    for vertex in range(vertices.shape[0]):
        geom = vertex_geom[vertex]
        x, y, z = vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2]
        for axis in range(3):
            world[vertex, axis] = (
                rotations[geom, axis, 0] * x
                + rotations[geom, axis, 1] * y
                + rotations[geom, axis, 2] * z
                + positions[geom, axis]
            )


@njit(cache=True, nogil=True, fastmath=False)
def project(world: np.ndarray, matrix: np.ndarray, near: float, corner: np.ndarray, closeness: np.ndarray) -> None:
    """World points (v, 3) to snapped pixels `corner` (v, 2) and `closeness` (v,) = 1/w; 0 where nearer than `near`."""
    for vertex in range(world.shape[0]):
        x, y, z = world[vertex, 0], world[vertex, 1], world[vertex, 2]
        w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
        if w < near:
            closeness[vertex] = 0.0
            continue
        column = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]) / w
        row = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]) / w
        corner[vertex, 0] = np.int64(np.floor(min(max(column, -1e6), 1e6) * 256.0 + 0.5))
        corner[vertex, 1] = np.int64(np.floor(min(max(row, -1e6), 1e6) * 256.0 + 0.5))
        closeness[vertex] = 1.0 / w


@njit(cache=True, nogil=True, fastmath=False)
def _owns(right: int, down: int) -> bool:
    """Is an edge in this direction a top or a left one, whose samples are the triangle's own?"""
    return down < 0 or (down == 0 and right > 0)


@njit(cache=True, nogil=True, fastmath=False)
def cover(
    triangles: np.ndarray,
    first: int,
    last: int,
    world: np.ndarray,
    corner: np.ndarray,
    closeness: np.ndarray,
    matrix: np.ndarray,
    near: float,
    left: int,
    top: int,
    seen: np.ndarray,
    depth: np.ndarray,
) -> None:
    """Draw triangles first ≤ t < last, front faces alone, where they are at least as near as what is there.

    Args:
        triangles: (t, 3) indices into world (v, 3), corner (v, 2) and closeness (v,).
        matrix, near: the camera's, for triangles that reach through its near plane.
        left, top: the whole picture's pixel that `seen[0, 0]` is.
        seen: int32 (h, w, 4) gets the triangle's index; depth: float32 (h, w, 4) its closeness.
    """
    height, width = seen.shape[0], seen.shape[1]
    for t in range(first, last):
        i, j, k = triangles[t, 0], triangles[t, 2], triangles[t, 1]  # rows go down: front faces turn the other way
        x0, y0, x1, y1, x2, y2 = corner[i, 0], corner[i, 1], corner[j, 0], corner[j, 1], corner[k, 0], corner[k, 1]
        if closeness[i] == 0.0 or closeness[j] == 0.0 or closeness[k] == 0.0:
            if closeness[i] + closeness[j] + closeness[k] > 0.0:
                cover_crossing(t, i, j, k, world, matrix, near, _AT, left, top, seen, depth)
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area <= 0:
            continue
        # Most triangles are smaller than a pixel and many lie between the lines of samples.
        first_line = max((min(x0, x1, x2) + 31) >> 6, 4 * left)
        last_line = min((max(x0, x1, x2) - 32) >> 6, 4 * (left + width) - 1)
        low_y, high_y = min(y0, y1, y2), max(y0, y1, y2)
        for line in range(first_line, last_line + 1):
            column, sample = line >> 2, _LINES[line & 3]
            x, down = (line << 6) + 32, _AT[sample, 1]
            first_row = max((low_y - down + 255) >> 8, top)
            last_row = min((high_y - down) >> 8, top + height - 1)
            for row in range(first_row, last_row + 1):
                y = (row << 8) + down
                a = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
                b = (x0 - x2) * (y - y2) - (y0 - y2) * (x - x2)
                c = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
                if a < 0 or b < 0 or c < 0:
                    continue
                # A sample on an edge belongs to the triangle whose top or left edge it is.
                if (
                    (a == 0 and not _owns(x2 - x1, y2 - y1))
                    or (b == 0 and not _owns(x0 - x2, y0 - y2))
                    or (c == 0 and not _owns(x1 - x0, y1 - y0))
                ):
                    continue
                found = np.float32((a * closeness[i] + b * closeness[j] + c * closeness[k]) / area)
                if found >= depth[row - top, column - left, sample]:
                    depth[row - top, column - left, sample] = found
                    seen[row - top, column - left, sample] = t
