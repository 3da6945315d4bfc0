"""Coarser triangles for casting shadows: finer than the shadow map's texels, so that the shadow stays the same."""

from dataclasses import dataclass

import numpy as np

from gwpipe.envs.rasteriser.scene import Part

_MANY = 1000  # triangles of a geom that make it worth while


@dataclass(frozen=True)
class Casters:
    """What casts the moving shadows: vertices (v, 3) m in their geom's frame, vertex_geom (v,), triangles (t, 3)."""

    vertices: np.ndarray
    vertex_geom: np.ndarray
    triangles: np.ndarray


def casters_of(part: Part, cell: float) -> Casters:
    """Merge vertices that share a cube of `cell` metres, in geoms of many triangles; others keep their shape.

    A merged vertex is the mean of its vertices; triangles that become lines, or double, are dropped.
    """
    fine = np.bincount(part.surface.triangle_geom, minlength=len(part.alpha)) >= _MANY
    cubes = np.floor(part.vertices / cell).astype(np.int64)
    alone = np.arange(len(part.vertices))  # the one number that keeps a vertex by itself
    keys = np.where(
        fine[part.vertex_geom][:, None],
        np.column_stack([part.vertex_geom, cubes]),
        np.column_stack([part.vertex_geom, alone, alone, alone]),
    )
    kept, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    sums = np.zeros((len(kept), 3))
    np.add.at(sums, group, part.vertices)
    vertices = sums / np.bincount(group, minlength=len(kept))[:, None]
    triangles = group[part.surface.triangles]
    first, second, third = triangles.T
    triangles = triangles[(first != second) & (second != third) & (third != first)]
    _, unique = np.unique(np.sort(triangles, axis=1), axis=0, return_index=True)
    return Casters(
        vertices, kept[:, 0].astype(np.int32), np.ascontiguousarray(triangles[np.sort(unique)], dtype=np.int32)
    )
