"""What there is to draw, read once from a MuJoCo model: triangles, materials, and which of them ever move."""

from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np

from gwpipe.envs.rasteriser.meshes import Solid, solid_of
from gwpipe.envs.rasteriser.textures import CUBE, FLAT, NO_TEXTURE


class Surface(NamedTuple):
    """Triangles and what they are made of.

    triangles (t, 3) indices of vertices; triangle_geom (t,); normals (t, 3, 3) float32, in the geom's frame;
    coordinates (v, 3): where textures are read. A geom has: material (6,) red, green, blue, specular, exponent,
    emission; texture (2,) kind and index; mapping (4,): u = m0·x + m1, v = m2·y + m3 for flat textures, for cubes the
    factors of x, y and z.
    """

    triangles: np.ndarray
    triangle_geom: np.ndarray
    normals: np.ndarray
    coordinates: np.ndarray
    material: np.ndarray
    texture: np.ndarray
    mapping: np.ndarray


class Shown(NamedTuple):
    """Where a surface is: rotations (g, 3, 3) of its geoms; vertices in the world (v, 3) m and on the screen.

    corner int64 (v, 2): column and row in 1/256 pixel of the whole picture; closeness (v,): 1/w, 0 where nearer than
    the near plane; matrix (3, 4): the camera's.
    """

    rotations: np.ndarray
    world: np.ndarray
    corner: np.ndarray
    closeness: np.ndarray
    matrix: np.ndarray


@dataclass(frozen=True)
class Part:
    """Some geoms of the scene, all their triangles in one surface.

    vertices (v, 3) m, in the frame of their geom; vertex_geom (v,); alpha (g,); `sites` (g,): whether a geom's place is
    a site's, and `objects` (g,) its index; positions (g, 3) and rotations (g, 3, 3) when it was read.
    """

    surface: Surface
    vertices: np.ndarray
    vertex_geom: np.ndarray
    alpha: np.ndarray
    sites: np.ndarray
    objects: np.ndarray
    positions: np.ndarray
    rotations: np.ndarray

    def placed(self, data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
        """Positions (g, 3) and rotations (g, 3, 3) of the part's geoms in this state."""
        of_site = self.sites[:, None]
        geoms, sites = np.where(self.sites, 0, self.objects), np.where(self.sites, self.objects, 0)
        if not self.sites.any():
            return data.geom_xpos[geoms], data.geom_xmat[geoms].reshape(-1, 3, 3)
        positions = np.where(of_site, data.site_xpos[sites], data.geom_xpos[geoms])
        rotations = np.where(of_site, data.site_xmat[sites], data.geom_xmat[geoms])
        return positions, rotations.reshape(-1, 3, 3)


def _texture_of(model: mujoco.MjModel, geom: mujoco.MjvGeom) -> tuple[list[int], list[float]]:
    index = int(model.mat_texid[geom.matid, mujoco.mjtTextureRole.mjTEXROLE_RGB]) if geom.matid >= 0 else -1
    if index < 0:
        return [NO_TEXTURE, 0], [0.0] * 4
    size, uniform = np.array(geom.size, dtype=np.float64), bool(model.mat_texuniform[geom.matid])
    if model.tex_type[index] == mujoco.mjtTexture.mjTEXTURE_2D:
        scale = np.array(model.mat_texrepeat[geom.matid], dtype=np.float64)
        if geom.dataid >= 0:
            scale = np.where(size[:2] > 0, scale / np.maximum(size[:2], 1e-15), scale)
        if uniform:
            scale = np.where(size[:2] > 0, scale * size[:2], scale)
        return [FLAT, index], [0.5 * scale[0], -0.5, -0.5 * scale[1], -0.5]
    factors = size if uniform else np.ones(3)
    return [CUBE, index], [*factors.tolist(), 0.0]


def part_of(model: mujoco.MjModel, geoms: list[mujoco.MjvGeom]) -> Part:
    """Gather geoms of MuJoCo's scene, in their order, into one part."""
    solids: list[Solid] = [solid_of(model, geom) for geom in geoms]
    starts = np.cumsum([0] + [len(solid.vertices) for solid in solids])
    textures = [_texture_of(model, geom) for geom in geoms]
    material = [
        [*geom.rgba[:3], geom.specular, 128.0 * np.float64(np.round(geom.shininess, 6)), geom.emission]
        for geom in geoms
    ]

    def stacked(arrays: list[np.ndarray], width: tuple[int, ...], dtype: type) -> np.ndarray:
        return np.ascontiguousarray(np.concatenate([np.zeros((0, *width)), *arrays]), dtype=dtype)

    surface = Surface(
        triangles=stacked([solid.triangles + start for solid, start in zip(solids, starts)], (3,), np.int32),
        triangle_geom=np.repeat(np.arange(len(solids)), [len(solid.triangles) for solid in solids]).astype(np.int32),
        normals=stacked([solid.normals for solid in solids], (3, 3), np.float32),
        coordinates=stacked([solid.coordinates for solid in solids], (3,), np.float64),
        material=np.array(material, dtype=np.float64).reshape(-1, 6),
        texture=np.array([kind for kind, _ in textures], dtype=np.int64).reshape(-1, 2),
        mapping=np.array([numbers for _, numbers in textures], dtype=np.float64).reshape(-1, 4),
    )
    return Part(
        surface=surface,
        vertices=stacked([solid.vertices for solid in solids], (3,), np.float64),
        vertex_geom=np.repeat(np.arange(len(solids)), [len(solid.vertices) for solid in solids]).astype(np.int32),
        alpha=np.array([geom.rgba[3] for geom in geoms], dtype=np.float64),
        sites=np.array([geom.objtype == mujoco.mjtObj.mjOBJ_SITE for geom in geoms], dtype=bool),
        objects=np.array([geom.objid for geom in geoms], dtype=np.int64),
        positions=np.array([geom.pos for geom in geoms], dtype=np.float64).reshape(-1, 3),
        rotations=np.array([geom.mat for geom in geoms], dtype=np.float64).reshape(-1, 3, 3),
    )


@dataclass(frozen=True)
class Content:
    """A scene sorted by how it is drawn: once for all (`fixed`), each time (`moving`), blended over (`clear`)."""

    fixed: Part
    moving: Part
    clear: Part


def content_of(model: mujoco.MjModel, scene: mujoco.MjvScene) -> Content:
    """Sort the scene's geoms: opaque ones welded to the world are fixed, those with alpha under 0.995 are clear."""
    geoms = [scene.geoms[index] for index in range(scene.ngeom)]
    opaque = [geom for geom in geoms if geom.rgba[3] >= 0.995]

    def still(geom: mujoco.MjvGeom) -> bool:
        return geom.category == mujoco.mjtCatBit.mjCAT_STATIC

    return Content(
        fixed=part_of(model, [geom for geom in opaque if still(geom)]),
        moving=part_of(model, [geom for geom in opaque if not still(geom)]),
        clear=part_of(model, [geom for geom in geoms if geom.rgba[3] < 0.995]),
    )
