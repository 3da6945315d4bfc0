"""Triangles that reach through the near plane: seen and weighed in homogeneous coordinates, without cutting them.

A corner behind the camera has no place on the screen, so nothing is snapped here: edges are planes through the eye
(Olano and Greer, 1997), and each sample asks whether what it sees lies behind the near plane.
"""

import numpy as np
from numba import njit

Three = tuple[float, float, float]
"""A number for each corner of a triangle."""


@njit(cache=True, nogil=True, fastmath=False)
def _from_camera(world: np.ndarray, matrix: np.ndarray, vertex: int) -> tuple[float, float, float]:
    """(column·w, row·w, w) of a world point."""
    x, y, z = world[vertex, 0], world[vertex, 1], world[vertex, 2]
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3],
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3],
        matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3],
    )


@njit(cache=True, nogil=True, fastmath=False)
def edge_planes(world: np.ndarray, matrix: np.ndarray, i: int, j: int, k: int, planes: np.ndarray) -> float:
    """Planes through the eye and the edge across from each corner, into `planes` (3, 3); returns their determinant.

    A pixel (column, row, 1) times them gives the corners' weights, up to a factor: their sum is determinant / w.
    """
    corners = np.empty((3, 3))
    corners[0, 0], corners[0, 1], corners[0, 2] = _from_camera(world, matrix, i)
    corners[1, 0], corners[1, 1], corners[1, 2] = _from_camera(world, matrix, j)
    corners[2, 0], corners[2, 1], corners[2, 2] = _from_camera(world, matrix, k)
    for corner in range(3):
        a, b = corners[(corner + 1) % 3], corners[(corner + 2) % 3]
        planes[corner, 0] = a[1] * b[2] - a[2] * b[1]
        planes[corner, 1] = a[2] * b[0] - a[0] * b[2]
        planes[corner, 2] = a[0] * b[1] - a[1] * b[0]
    return float(planes[0, 0] * corners[0, 0] + planes[0, 1] * corners[0, 1] + planes[0, 2] * corners[0, 2])


@njit(cache=True, nogil=True, fastmath=False)
def _across(planes: np.ndarray, column: float, row: float) -> Three:
    """How far a point of the picture lies from each edge plane: not negative inside."""
    return (
        planes[0, 0] * column + planes[0, 1] * row + planes[0, 2],
        planes[1, 0] * column + planes[1, 1] * row + planes[1, 2],
        planes[2, 0] * column + planes[2, 1] * row + planes[2, 2],
    )


@njit(cache=True, nogil=True, fastmath=False)
def crossing_weights(
    world: np.ndarray, matrix: np.ndarray, i: int, j: int, k: int, x: int, y: int
) -> tuple[Three, Three, Three]:
    """Weights of a triangle's corners at (x, y) in 1/256 pixel, and what they gain a pixel to the right and down."""
    planes = np.empty((3, 3))
    edge_planes(world, matrix, i, j, k, planes)
    here = _across(planes, x / 256.0, y / 256.0)
    return here, (planes[0, 0], planes[1, 0], planes[2, 0]), (planes[0, 1], planes[1, 1], planes[2, 1])


@njit(cache=True, nogil=True, fastmath=False)
def cover_crossing(
    t: int,
    i: int,
    j: int,
    k: int,
    world: np.ndarray,
    matrix: np.ndarray,
    near: float,
    at: np.ndarray,
    left: int,
    top: int,
    seen: np.ndarray,
    depth: np.ndarray,
) -> None:
    """`raster.cover` for one triangle, its corners in the order that faces the camera; `at`: samples, 1/256 pixel."""
    planes = np.empty((3, 3))
    determinant = edge_planes(world, matrix, i, j, k, planes)
    if determinant <= 0.0:
        return
    for row in range(seen.shape[0]):
        for column in range(seen.shape[1]):
            for sample in range(seen.shape[2]):
                x, y = column + left + at[sample, 0] / 256.0, row + top + at[sample, 1] / 256.0
                a, b, c = _across(planes, x, y)
                if a < 0.0 or b < 0.0 or c < 0.0:
                    continue
                closeness = (a + b + c) / determinant
                if closeness <= 0.0 or closeness * near > 1.0:
                    continue
                found = np.float32(closeness)
                if found >= depth[row, column, sample]:
                    depth[row, column, sample] = found
                    seen[row, column, sample] = t
