"""Coarser triangles for casting shadows: finer than the shadow map's texels, so that the shadow stays the same."""

from dataclasses import dataclass

import numpy as np

from gwpipe.envs.rasteriser.scene import Part


@dataclass(frozen=True)
class Casters:
    """What casts the moving shadows: vertices (v, 3) m in their geom's frame, vertex_geom (v,), triangles (t, 3)."""

    vertices: np.ndarray
    vertex_geom: np.ndarray
    triangles: np.ndarray


def casters_of(part: Part, cell: float) -> Casters:
    """Merge each geom's vertices that share a cube of `cell` metres; triangles that become lines or double are dropped.

    Geoms whose triangles are all larger keep their shape, apart from corners nearer to each other than a cell.
    """
    cubes = np.floor(part.vertices / cell).astype(np.int64)
    keys = np.concatenate([part.vertex_geom[:, None].astype(np.int64), cubes], axis=1)
    kept, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    sums = np.zeros((len(kept), 3))
    np.add.at(sums, group, part.vertices)
    vertices = sums / np.bincount(group, minlength=len(kept))[:, None]
    triangles = group[part.triangles]
    flat = (
        (triangles[:, 0] == triangles[:, 1])
        | (triangles[:, 1] == triangles[:, 2])
        | (triangles[:, 2] == triangles[:, 0])
    )
    triangles = triangles[~flat]
    _, first = np.unique(np.sort(triangles, axis=1), axis=0, return_index=True)
    triangles = triangles[np.sort(first)]
    return Casters(vertices, kept[:, 0].astype(np.int32), np.ascontiguousarray(triangles, dtype=np.int32))
