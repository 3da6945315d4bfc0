"""Shadow maps: how far each directional light reaches, seen along the light.

As in MuJoCo: a light's map is measured from the light's own position, nothing nearer than the camera's near plane casts
a shadow, stored depths are pushed away by 1.5 times their slope and a constant, and what lies outside is lit.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

_SLOPE = 1.5
_NARROW = 6  # columns up to which testing each texel is quicker than solving for a row's ends
FAR = np.float32(1e9)


class Maps(NamedTuple):
    """One square map for each shadow-casting light.

    matrices (lights, 3, 4): world point (x, y, z, 1) to column and row, in texels, and depth, in m; depth float32
    (lights, size, size).
    """

    matrices: np.ndarray
    depth: np.ndarray


def light_axes(toward: np.ndarray) -> np.ndarray:
    """(3, 3): the light's right, up and forward, turned as MuJoCo turns its maps."""
    forward = -toward
    up = np.cross(forward, np.array([-1.0, 0.0, 0.0]))
    if up @ up <= 0.01:
        up = np.cross(forward, np.array([0.0, 1.0, 0.0]))
    right = np.cross(forward, up / np.linalg.norm(up))
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def map_matrix(axes: np.ndarray, origin: np.ndarray, centre: tuple[float, float], half: float, size: int) -> np.ndarray:
    """(3, 4) for a window of ±`half` m around `centre` (right, up; m from `origin`), `size` texels wide."""
    scale = 0.5 * size / half
    rows = np.stack([axes[0] * scale, axes[1] * scale, axes[2]])
    offset = -rows @ origin + np.array([scale * (half - centre[0]), scale * (half - centre[1]), 0.0])
    return np.concatenate([rows, offset[:, None]], axis=1)


@njit(cache=True, nogil=True, fastmath=False)
def look_from_light(world: np.ndarray, matrix: np.ndarray, corner: np.ndarray, far: np.ndarray) -> None:
    """World points (v, 3) to snapped texels `corner` (v, 2) and depth `far` (v,) m."""
    for vertex in range(world.shape[0]):
        x, y, z = world[vertex, 0], world[vertex, 1], world[vertex, 2]
        column = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
        row = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
        corner[vertex, 0] = np.int64(np.floor(min(max(column, -1e6), 1e6) * 256.0 + 0.5))
        corner[vertex, 1] = np.int64(np.floor(min(max(row, -1e6), 1e6) * 256.0 + 0.5))
        far[vertex] = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]


@njit(cache=True, nogil=True, fastmath=False)
def _span(edge: int, step: int, low: int, high: int) -> tuple[int, int]:
    """The part of columns low ≤ c < high where edge + c·step is not negative."""
    if step > 0:
        return max(low, -(edge // step)), high
    if step < 0:
        return low, min(high, edge // -step + 1)
    return (low, high) if edge >= 0 else (low, low)


@njit(cache=True, nogil=True, fastmath=False)
def cast(
    triangles: np.ndarray,
    closed: np.ndarray,
    corner: np.ndarray,
    far: np.ndarray,
    near: float,
    constant: float,
    depth: np.ndarray,
) -> None:
    """Keep in `depth` float32 (n, n) the nearest triangle at each texel's centre, pushed back by the bias.

    Args:
        closed: bool (t,): is it of a closed surface, and drawn only if it faces the light?
        near: m; nearer parts are cut off. constant: m, the part of the bias that does not depend on slope.
    """
    size = depth.shape[0]
    nought = np.int64(0)  # a literal 0 would compile `_span` twice
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = corner[i, 0], corner[i, 1], corner[j, 0], corner[j, 1], corner[k, 0], corner[k, 1]
        # Texel centres from the first at or after the low corner to the last at or before the high one.
        first_column, last_column = max((min(x0, x1, x2) + 127) >> 8, 0), min((max(x0, x1, x2) - 128) >> 8, size - 1)
        if first_column > last_column:
            continue
        first_row, last_row = max((min(y0, y1, y2) + 127) >> 8, 0), min((max(y0, y1, y2) - 128) >> 8, size - 1)
        if first_row > last_row:
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0 or (area < 0 and closed[t]):
            continue
        if area < 0:
            j, k = k, j
            x1, y1, x2, y2 = x2, y2, x1, y1
            area = -area
        ax, ay, bx, by, cx, cy = x2 - x1, y2 - y1, x0 - x2, y0 - y2, x1 - x0, y1 - y0
        scale = 1.0 / area
        far_i, far_j, far_k = far[i] * scale, far[j] * scale, far[k] * scale
        step_x = -256.0 * (ay * far_i + by * far_j + cy * far_k)
        step_y = 256.0 * (ax * far_i + bx * far_j + cx * far_k)
        bias = _SLOPE * max(abs(step_x), abs(step_y)) + constant
        x, y = (first_column << 8) + 128, (first_row << 8) + 128
        a_row, b_row, c_row = (
            ax * (y - y1) - ay * (x - x1),
            bx * (y - y2) - by * (x - x2),
            cx * (y - y0) - cy * (x - x0),
        )
        start = a_row * far_i + b_row * far_j + c_row * far_k
        whole = min(far[i], far[j], far[k]) >= near
        a_step, b_step, c_step = -ay * 256, -by * 256, -cy * 256
        columns = last_column - first_column + 1
        for row in range(first_row, last_row + 1):
            line = start + step_y * (row - first_row)
            if columns > _NARROW and whole:
                low, high = _span(a_row, a_step, nought, columns)
                low, high = _span(b_row, b_step, low, high)
                low, high = _span(c_row, c_step, low, high)
                for column in range(low, high):
                    pushed = np.float32(line + step_x * column + bias)
                    depth[row, first_column + column] = min(depth[row, first_column + column], pushed)
            else:
                a, b, c = a_row, b_row, c_row
                for column in range(columns):
                    if a >= 0 and b >= 0 and c >= 0:
                        distance = line + step_x * column
                        pushed = np.float32(distance + bias)
                        if distance >= near and pushed < depth[row, first_column + column]:
                            depth[row, first_column + column] = pushed
                    a, b, c = a + a_step, b + b_step, c + c_step
            a_row, b_row, c_row = a_row + ax * 256, b_row + bx * 256, c_row + cx * 256


@njit(cache=True, nogil=True, fastmath=False)
def texel_of(matrices: np.ndarray, light: int, size: int, x: float, y: float, z: float) -> tuple[int, int, float]:
    """Row and column of a light's map that a world point looks up (−1, −1 outside), and its depth in m."""
    m = matrices
    column = m[light, 0, 0] * x + m[light, 0, 1] * y + m[light, 0, 2] * z + m[light, 0, 3]
    row = m[light, 1, 0] * x + m[light, 1, 1] * y + m[light, 1, 2] * z + m[light, 1, 3]
    distance = m[light, 2, 0] * x + m[light, 2, 1] * y + m[light, 2, 2] * z + m[light, 2, 3]
    if column < 0.0 or row < 0.0 or column >= size or row >= size:
        return -1, -1, distance
    return int(row), int(column), distance


@njit(cache=True, nogil=True, fastmath=False)
def shaded(matrices: np.ndarray, depth: np.ndarray, light: int, x: float, y: float, z: float) -> bool:
    """Does something stand between a light and a world point, by its map? The arrays are those of `Maps`."""
    row, column, distance = texel_of(matrices, light, depth.shape[1], x, y, z)
    return row >= 0 and distance > depth[light, row, column]
