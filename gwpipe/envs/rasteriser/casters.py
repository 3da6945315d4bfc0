"""Coarser triangles for casting shadows: finer than the shadow map's texels, so that the shadow stays the same."""

from dataclasses import dataclass

import numpy as np

from gwpipe.envs.rasteriser.scene import Part

_MANY = 1000  # triangles of a geom that make it worth while
_OPEN = 0.1
"""Size of the sum of a closed surface's areas over the sum of their sizes; 0.02 to 0.08 for links of RoboDesk's arm."""


@dataclass(frozen=True)
class Casters:
    """What casts the moving shadows: vertices (v, 3) m in their geom's frame, vertex_geom (v,), triangles (t, 3).

    closed bool (t,): is it of a merged geom with a closed surface? Then its faces toward the light cast all of the
    shadow. In other geoms both sides do: with the stock renderer's bias it is seen (RoboDesk: 0.07 of 255).
    """

    vertices: np.ndarray
    vertex_geom: np.ndarray
    triangles: np.ndarray
    closed: np.ndarray


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
    left = np.flatnonzero((first != second) & (second != third) & (third != first))
    triangles = triangles[left]
    from_lowest = (triangles.argmin(axis=1)[:, None] + np.arange(3)) % 3  # a face's back is another triangle
    _, unique = np.unique(np.take_along_axis(triangles, from_lowest, axis=1), axis=0, return_index=True)
    unique.sort()
    return Casters(
        vertices,
        kept[:, 0].astype(np.int32),
        np.ascontiguousarray(triangles[unique], dtype=np.int32),
        (fine & _closed(part))[part.surface.triangle_geom[left[unique]]],
    )


def _closed(part: Part) -> np.ndarray:
    """bool (g,): does as much of a geom's surface face one way as the other, whichever way that is?

    The areas of a closed surface's triangles, as vectors, add up to nothing. So do those of a tube without lids, which
    is taken for closed: what its far wall casts through the opening is lost.
    """
    one, two, three = part.vertices[part.surface.triangles].transpose(1, 0, 2)
    areas = np.cross(two - one, three - one)
    sums, sizes = np.zeros((len(part.alpha), 3)), np.zeros(len(part.alpha))
    np.add.at(sums, part.surface.triangle_geom, areas)
    np.add.at(sizes, part.surface.triangle_geom, np.linalg.norm(areas, axis=1))
    return np.linalg.norm(sums, axis=1) <= _OPEN * sizes
