"""Pictures of Simple Shapes: exact area coverage of a polygon, times its colour, on black.

The published pictures are drawn by matplotlib (Agg, 16 ms each). Agg's anti-aliasing is area coverage without gamma, so
the area of the shape inside each pixel, computed exactly, gives the same picture some hundred times faster. Geometry:
ruflab/simple-shapes-dataset.
"""

import math
from functools import lru_cache

import numba
import numpy as np
import numpy.typing as npt

SHAPE_NAMES = ("diamond", "egg", "triangle")
"""Name of each class index."""

IMAGE_SIZE = 32
"""Height and width in pixels; also the length of both axes of the plane in which shapes move."""

_EGG_CURVES = (
    ((0.5, 0.0), (0.8, 0.0), (0.9, 0.1), (0.9, 0.3)),
    ((0.9, 0.3), (0.9, 0.5), (0.7, 1.0), (0.5, 1.0)),
    ((0.5, 1.0), (0.3, 1.0), (0.1, 0.5), (0.1, 0.3)),
    ((0.1, 0.3), (0.1, 0.1), (0.2, 0.0), (0.5, 0.0)),
)
_DIAMOND = ((0.5, 0.0), (1.0, 0.3), (0.5, 1.0), (0.0, 0.3))
_TRIANGLE = ((0.5, 1.0), (0.2, 0.0), (0.8, 0.0))


def _flatten(curve: npt.NDArray[np.float64], tolerance: float) -> list[npt.NDArray[np.float64]]:
    """Points strictly inside a cubic Bézier (4, 2), chosen as Agg chooses them.

    Agg halves a curve until both control points together lie within half a pixel of the chord, and then goes through
    the middle of the control points, which is not on the curve. At 32 pixels that is coarse enough to be seen.
    """
    first, second, third, last = curve
    chord = last - first
    normal = np.array([-chord[1], chord[0]]) / np.hypot(*chord)
    middle = (second + third) / 2
    if abs(normal @ (second - last)) + abs(normal @ (third - last)) <= tolerance:
        return [middle]
    start, end = (first + second) / 2, (third + last) / 2
    before, after = (start + middle) / 2, (middle + end) / 2
    centre = (before + after) / 2
    return [
        *_flatten(np.stack([first, start, before, centre]), tolerance),
        *_flatten(np.stack([centre, after, end, last]), tolerance),
    ]


@lru_cache(maxsize=256)
def outline(shape: int, size: float) -> npt.NDArray[np.float64]:
    """Vertices (n, 2) of a class in the unit square, y up, tip towards +y; the egg's depend on the size in px."""
    if SHAPE_NAMES[shape] == "diamond":
        return np.array(_DIAMOND)
    if SHAPE_NAMES[shape] == "triangle":
        return np.array(_TRIANGLE)
    curves = [np.array(curve) for curve in _EGG_CURVES]
    return np.stack([point for curve in curves for point in (curve[0], *_flatten(curve, 0.5 / size))])


@numba.njit(cache=True)
def _add_edge(
    cover: npt.NDArray[np.float64], x0: float, y0: float, x1: float, y1: float
) -> None:  # pragma: no cover - compiled
    """Add one edge (image coordinates, y down) to the horizontal differences of the signed coverage.

    cover: (size, size + 1). What lies to the right of an edge is inside, so a running sum along each row gives the
    area. Above and below the frame an edge adds nothing, left of it it fills whole rows, right of it it adds nothing.
    """
    size = cover.shape[0]
    if y0 == y1:
        return
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    slope = (x1 - x0) / (y1 - y0)
    for row in range(max(0, math.floor(y0)), min(size, math.ceil(y1))):
        top, bottom = max(y0, float(row)), min(y1, row + 1.0)
        height = sign * (bottom - top)
        xa, xb = x0 + (top - y0) * slope, x0 + (bottom - y0) * slope
        left, right = min(xa, xb), max(xa, xb)
        if right <= 0.0:
            cover[row, 0] += height
            continue
        if left < 0.0:
            cover[row, 0] += height * (-left) / (right - left)
        for column in range(max(0, math.floor(left)), min(size, math.floor(right) + 1)):
            start, stop = max(left, float(column)), min(right, column + 1.0)
            share = height if right == left else height * (stop - start) / (right - left)
            outside = 0.5 * (start + stop) - column
            cover[row, column] += share * (1.0 - outside)
            cover[row, column + 1] += share * outside


@numba.njit(cache=True)
def _draw(
    vertices: npt.NDArray[np.float64],
    starts: npt.NDArray[np.int64],
    pose: npt.NDArray[np.float64],
    colour: npt.NDArray[np.float64],
    images: npt.NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Fill images (N, size, size, C) with coverage × colour.

    vertices: outlines end to end; picture n's are starts[n, 0] … starts[n, 1] − 1. pose: (N, 4) x, y, size, rotation.
    """
    size = images.shape[1]
    cover = np.empty((size, size + 1))
    corners = np.empty_like(vertices)
    for n in range(pose.shape[0]):
        x, y, scale, rotation = pose[n]
        cos, sin = math.cos(rotation), math.sin(rotation)
        start, stop = starts[n]
        for k in range(start, stop):
            u, v = vertices[k, 0] - 0.5, vertices[k, 1] - 0.5
            corners[k, 0] = x + scale * (cos * u - sin * v)
            corners[k, 1] = size - (y + scale * (sin * u + cos * v))
        cover[:] = 0.0
        for k in range(start, stop):
            after = k + 1 if k + 1 < stop else start
            _add_edge(cover, corners[k, 0], corners[k, 1], corners[after, 0], corners[after, 1])
        for row in range(size):
            area = 0.0
            for column in range(size):
                area += cover[row, column]
                for channel in range(images.shape[3]):
                    images[n, row, column, channel] = min(abs(area), 1.0) * colour[n, channel]


def _render(rows: npt.NDArray[np.float64], colour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, first, index = np.unique(rows[:, 0] + 1j * rows[:, 3], return_index=True, return_inverse=True)
    outlines = [outline(int(rows[n, 0]), float(rows[n, 3])) for n in first]
    stops = np.cumsum([len(vertices) for vertices in outlines])
    starts = np.stack([stops - [len(vertices) for vertices in outlines], stops], axis=1)[index]
    images = np.empty((len(rows), IMAGE_SIZE, IMAGE_SIZE, colour.shape[1]))
    _draw(np.concatenate(outlines), starts, np.ascontiguousarray(rows[:, 1:5]), np.ascontiguousarray(colour), images)
    return images


def coverage(raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Share of each pixel's area inside the shape.

    raw: (N, 8) class index, x, y, size (px), rotation (rad), red, green, blue (0…255). Returns (N, 32, 32) in [0, 1];
    row r of a picture covers y in [31 − r, 32 − r].
    """
    rows = np.asarray(raw, dtype=np.float64)
    return _render(rows, np.ones((len(rows), 1)))[..., 0]


def draw(raw: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Pictures (N, 32, 32, 3) of raw attributes (N, 8), laid out as in `coverage`."""
    rows = np.asarray(raw, dtype=np.float64)
    return np.rint(_render(rows, rows[:, 5:8])).astype(np.uint8)
