"""Triangles of what MuJoCo draws: its built-in shapes as its OpenGL renderer cuts them, and a model's meshes.

Shapes are cut as in MuJoCo's classic renderer, since light is computed at the corners and shows how they are cut.
"""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from gwpipe.errors import UserError

_CYLINDER_STACKS = 4  # the stock 16 only cost time: a cylinder's light hardly changes along it
_CREASE = 0.8  # cosine between vertex and face normal under which the face normal is used


@dataclass(frozen=True)
class Solid:
    """One geom's triangles, counter-clockwise from outside, in the geom's own frame.

    vertices (v, 3) m; coordinates (v, 3): what texture maps see as position (the built-in shapes' before scaling);
    triangles (t, 3) indices of vertices; normals (t, 3, 3) unit, one a corner.
    """

    vertices: np.ndarray
    coordinates: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray


def _joined(grids: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grids of points (a, b, 3) with normals (a, b, 3) → points, triangles, corner normals; flat triangles left out."""
    points, triangles, normals = [], [], []
    start = 0
    for grid, normal in grids:
        rows, columns = grid.shape[:2]
        index = np.arange(rows * columns).reshape(rows, columns)
        a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
        c, d = index[1:, 1:].ravel(), index[1:, :-1].ravel()
        faces = np.concatenate([np.stack([a, b, d], 1), np.stack([b, c, d], 1)])
        flat = grid.reshape(-1, 3)
        corners = flat[faces]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        faces = faces[area > 1e-9]
        points.append(flat)
        normals.append(normal.reshape(-1, 3)[faces])
        triangles.append(faces + start)
        start += len(flat)
    return np.concatenate(points), np.concatenate(triangles), np.concatenate(normals)


def _scaled(shape: tuple[np.ndarray, np.ndarray, np.ndarray], scale: np.ndarray) -> Solid:
    points, triangles, normals = shape
    normals = normals / scale
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return Solid(points * scale, points, triangles, normals)


def _ring(slices: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(slices + 1) / slices
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _sphere_grid(slices: int, elevations: np.ndarray) -> np.ndarray:
    ring = _ring(slices)
    flat = np.cos(elevations)[:, None, None] * ring[None]
    height = np.broadcast_to(np.sin(elevations)[:, None, None], (len(elevations), slices + 1, 1))
    return np.concatenate([flat, height], axis=2)


def _disk(slices: int, stacks: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    radius = np.linspace(1.0, 0.0, stacks + 1)
    ring = _ring(slices)[::side]
    grid = np.concatenate(
        [radius[:, None, None] * ring[None], np.full((stacks + 1, slices + 1, 1), float(side))], axis=2
    )
    return grid, np.broadcast_to(np.array([0.0, 0.0, side]), grid.shape)


def _tube(slices: int, stacks: int) -> tuple[np.ndarray, np.ndarray]:
    heights = np.linspace(-1.0, 1.0, stacks + 1)
    ring = np.broadcast_to(_ring(slices), (stacks + 1, slices + 1, 2))
    up = np.broadcast_to(heights[:, None, None], (stacks + 1, slices + 1, 1))
    return np.concatenate([ring, up], axis=2), np.concatenate([ring, np.zeros_like(up)], axis=2)


def _sphere(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    stacks = model.vis.quality.numstacks // 2 * 2
    grid = _sphere_grid(model.vis.quality.numslices, np.linspace(-np.pi / 2, np.pi / 2, stacks + 1))
    return _scaled(_joined([(grid, grid)]), size)


def _cylinder(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    slices, stacks = model.vis.quality.numslices, max(1, model.vis.quality.numstacks // 2)
    return _scaled(
        _joined([_disk(slices, stacks, -1), _tube(slices, _CYLINDER_STACKS), _disk(slices, stacks, 1)]), size
    )


def _capsule(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    slices, stacks = model.vis.quality.numslices, max(1, model.vis.quality.numstacks // 2)
    radius, half = float(size[0]), float(size[2])  # half of the straight part: the caps lie beyond
    quarter = np.linspace(0.0, np.pi / 2, stacks + 1)
    top, bottom = _sphere_grid(slices, quarter), _sphere_grid(slices, quarter - np.pi / 2)
    tube, around = _tube(slices, _CYLINDER_STACKS)
    lift = np.array([0.0, 0.0, half])
    grids = [(radius * top + lift, top), (radius * bottom - lift, bottom)]
    grids.append((tube * np.array([radius, radius, half]), around))
    points, triangles, normals = _joined(grids)
    return Solid(points, points / size, triangles, normals)


def _box(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    line = np.linspace(-1.0, 1.0, model.vis.quality.numquads + 1)
    first, second = np.meshgrid(line, line)
    grids = []
    for axis in range(3):
        for side in (1, -1):
            grid = np.empty((*first.shape, 3))
            grid[..., axis] = side
            grid[..., (axis + 1) % 3] = first
            grid[..., (axis + 2) % 3] = side * second
            normal = np.zeros(3)
            normal[axis] = side
            grids.append((grid, np.broadcast_to(normal, grid.shape)))
    return _scaled(_joined(grids), size)


def _plane(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    if size[0] <= 0 or size[1] <= 0:
        raise UserError(
            "the software rasteriser draws no infinite plane: give the plane a size, or use fidelity='exact'"
        )
    lines = []
    for half in size[:2]:
        spacing = max(float(size[2]), float(half) / 198)
        cells = int(half / spacing + 1e-4) // 2 * 2
        inner = np.arange(-cells, cells + 1, 2) * spacing
        lines.append(np.unique(np.clip(np.concatenate([[-half], inner, [half]]), -half, half)))
    x, y = np.meshgrid(lines[0], lines[1])
    grid = np.stack([x, y, np.zeros_like(x)], axis=-1)
    points, triangles, normals = _joined([(grid, np.broadcast_to(np.array([0.0, 0.0, 1.0]), grid.shape))])
    return Solid(points, points, triangles, normals)


def _mesh(model: mujoco.MjModel, size: np.ndarray, data_id: int) -> Solid:
    mesh = data_id // 2
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    vertices = np.array(model.mesh_vert[first : first + count], dtype=np.float64)
    faces = slice(model.mesh_faceadr[mesh], model.mesh_faceadr[mesh] + model.mesh_facenum[mesh])
    triangles = np.array(model.mesh_face[faces])
    corners = vertices[triangles]
    face_normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(face_normal, axis=1, keepdims=True)
    face_normal = np.where(length < 1e-10, np.array([0.0, 0.0, 1.0]), face_normal / np.maximum(length, 1e-30))
    normals = np.array(model.mesh_normal[model.mesh_facenormal[faces] + model.mesh_normaladr[mesh]], dtype=np.float64)
    creased = np.einsum("tcx,tx->tc", normals, face_normal) < _CREASE
    normals = np.where(creased[..., None], face_normal[:, None, :], normals)
    return Solid(vertices, vertices, triangles, normals)


_SHAPES: dict[int, Callable[[mujoco.MjModel, np.ndarray, int], Solid]] = {
    int(mujoco.mjtGeom.mjGEOM_PLANE): _plane,
    int(mujoco.mjtGeom.mjGEOM_SPHERE): _sphere,
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): _sphere,
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): _capsule,
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): _cylinder,
    int(mujoco.mjtGeom.mjGEOM_BOX): _box,
    int(mujoco.mjtGeom.mjGEOM_MESH): _mesh,
}


def solid_of(model: mujoco.MjModel, geom: mujoco.MjvGeom) -> Solid:
    """The triangles of one geom of MuJoCo's scene.

    Raises:
        UserError: for a kind of geom that is not drawn here (height fields, skins, flexes, decorations).
    """
    make = _SHAPES.get(int(geom.type))
    if make is None:
        raise UserError(f"the software rasteriser draws no geom of type {geom.type}; use fidelity='exact'")
    return make(model, np.array(geom.size, dtype=np.float64), int(geom.dataid))
