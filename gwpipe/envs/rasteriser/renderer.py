"""The software rasteriser put together: one baked scene a model, one renderer an environment.

A picture takes about 20 ms on one core for RoboDesk's 141,680 triangles. It matches MuJoCo's OpenGL renderer on Mesa's
llvmpipe to about 1.4/255 in the mean; what is left out: the floor's faint reflection, sky boxes, fog, lights that are
not directional, and triangles that reach nearer than the near plane.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from gwpipe.envs.rasteriser.baked import Fragments, ShadowFrames, ShadowWindow, bake, frames_and_shadows
from gwpipe.envs.rasteriser.casters import Casters, casters_of
from gwpipe.envs.rasteriser.camera import FreeCamera, View, updated_scene, view_of
from gwpipe.envs.rasteriser.lighting import Lights, lights_of
from gwpipe.envs.rasteriser.picture import blend, paint, resolve, still_colours
from gwpipe.envs.rasteriser.raster import cover, place, project
from gwpipe.envs.rasteriser.scene import Content, Part, content_of
from gwpipe.envs.rasteriser.shadows import FAR, cast, look_from_light
from gwpipe.envs.rasteriser.textures import packed

_LIT_AT_ONCE = 8192  # triangles whose light is remembered while a picture is drawn


@dataclass(frozen=True)
class Stage:
    """All that pictures of one model from one camera share; read-only."""

    content: Content
    casters: tuple[Casters, Casters]
    view: View
    crop: tuple[int, int, int, int]
    lights: Lights
    texels: np.ndarray
    table: np.ndarray
    frames: ShadowFrames
    fragments: Fragments


def build_stage(
    model: mujoco.MjModel,
    camera: FreeCamera,
    size: int,
    crop: tuple[int, int, int, int],
    window: ShadowWindow,
) -> Stage:
    """Read a model and draw what never moves.

    Args:
        size: side of the whole picture, pixels. crop: left, top, right, bottom of the part that is drawn.

    Raises:
        UserError: if the model has something that is not drawn here.
    """
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    scene = updated_scene(model, data, camera)
    content, view, lights = content_of(model, scene), view_of(scene, size), lights_of(scene)
    origins = np.array([scene.lights[light].pos for light in lights.casters], dtype=np.float64).reshape(-1, 3)
    texels, table = packed(model)
    clip = float(model.vis.map.shadowclip * model.stat.extent)
    stock_size = int(model.vis.quality.shadowsize)
    frames, whole_maps, whole = frames_and_shadows(content.fixed, lights, origins, window, view.near, clip, stock_size)
    fragments = bake(content.fixed, view, crop, lights, texels, table, frames, whole_maps, whole)
    cell = 2.0 * (2.0 * window.half / window.texels)
    casters = (casters_of(content.moving, cell), casters_of(content.clear, cell))
    return Stage(content, casters, view, crop, lights, texels, table, frames, fragments)


class _Placed:
    """Memory for a part's vertices in the world and on the screen."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.world = np.empty_like(part.vertices)
        self.corner = np.zeros((len(part.vertices), 2), dtype=np.int64)
        self.closeness = np.zeros(len(part.vertices))
        self.positions, self.rotations = part.positions, part.rotations

    def update(self, data: mujoco.MjData, view: View) -> None:
        self.positions, self.rotations = self.part.placed(data)
        place(self.part.vertices, self.part.vertex_geom, self.positions, self.rotations, self.world)
        project(self.world, view.matrix, view.near, self.corner, self.closeness)


class Renderer:
    """Draws states of one model; not to be used by two threads at once (its stage may be shared)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        left, top, right, bottom = stage.crop
        self._moving, self._clear = _Placed(stage.content.moving), _Placed(stage.content.clear)
        shape = (bottom - top, right - left, 4)
        self._seen = np.empty(shape, dtype=np.int32)
        self._over = np.empty(shape, dtype=np.int32)
        self._depth = np.empty(shape, dtype=np.float32)
        self._clear_depth = np.empty(shape, dtype=np.float32)
        self._canvas = np.empty((*shape, 3), dtype=np.float32)
        lights = len(stage.lights.casters)
        size = stage.frames.moving_size
        self._maps = np.empty((lights, size, size), dtype=np.float32)
        self._still = np.empty_like(stage.fragments.base)
        triangles = len(stage.content.moving.triangles)
        self._slot = np.zeros(triangles, dtype=np.int32)
        self._lit_of = np.full(_LIT_AT_ONCE, -1, dtype=np.int32)
        self._lit = np.empty((_LIT_AT_ONCE, 3, lights + 1, 3))
        most = max(len(casters.vertices) for casters in stage.casters)
        self._caster_world = np.empty((most, 3))
        self._texel, self._far = np.empty((most, 2), dtype=np.int64), np.empty(most)

    def draw(self, data: mujoco.MjData) -> np.ndarray:
        """The cropped picture uint8 (h, w, 3) of a state whose positions are up to date (after a step or forward)."""
        stage = self.stage
        left, top, right, bottom = stage.crop
        self._moving.update(data, stage.view)
        self._clear.update(data, stage.view)
        self._cast_shadows()
        fragments, moving = stage.fragments, self._moving
        maps = self._maps.reshape(len(self._maps), -1)
        still_colours(fragments.base, fragments.by_light, fragments.texel, fragments.far, maps, self._still)
        self._seen.fill(-1)
        np.copyto(self._depth, fragments.depth)
        part = moving.part
        cover(
            part.triangles,
            0,
            len(part.triangles),
            moving.corner,
            moving.closeness,
            left,
            top,
            self._seen,
            self._depth,
        )
        paint(
            self._seen,
            fragments.index,
            self._still,
            left,
            top,
            part.triangles,
            part.triangle_geom,
            part.normals,
            part.coordinates,
            part.material,
            part.texture,
            part.mapping,
            moving.rotations,
            moving.world,
            moving.corner,
            moving.closeness,
            stage.view.eye,
            stage.lights.toward,
            stage.lights.colours,
            stage.lights.passes,
            stage.texels,
            stage.table,
            maps,
            stage.frames.moving,
            stage.frames.moving_size,
            stage.frames.fixed_maps,
            stage.frames.fixed,
            stage.frames.fixed_size,
            self._slot,
            self._lit_of,
            self._lit,
            self._canvas,
        )
        self._blend_clear()
        picture = np.empty((bottom - top, right - left, 3), dtype=np.uint8)
        resolve(self._canvas, picture)
        return picture

    def _cast_shadows(self) -> None:
        frames = self.stage.frames
        self._maps.fill(FAR)
        for casters, placed in zip(self.stage.casters, (self._moving, self._clear)):
            world = self._caster_world[: len(casters.vertices)]
            place(casters.vertices, casters.vertex_geom, placed.positions, placed.rotations, world)
            for matrix, depth in zip(frames.moving, self._maps):
                look_from_light(world, matrix, self._texel, self._far)
                cast(casters.triangles, self._texel, self._far, frames.near, frames.bias, depth)

    def _blend_clear(self) -> None:
        """Clear geoms, nearest first and then farthest first, over what is opaque (MuJoCo blends them twice)."""
        stage, placed = self.stage, self._clear
        part = placed.part
        positions = placed.world
        nearest = []
        for geom in range(len(part.alpha)):
            own = positions[part.vertex_geom == geom]
            nearest.append(float(np.linalg.norm(own - stage.view.eye, axis=1).min()))
        order = np.argsort(nearest, kind="stable")
        one_pass = np.zeros_like(stage.lights.passes)
        left, top = stage.crop[:2]
        for geom in [*order, *order[::-1]]:
            mine = np.flatnonzero(part.triangle_geom == geom)
            self._over.fill(-1)
            np.copyto(self._clear_depth, self._depth)
            cover(
                part.triangles,
                mine[0],
                mine[-1] + 1,
                placed.corner,
                placed.closeness,
                left,
                top,
                self._over,
                self._clear_depth,
            )
            blend(
                self._over,
                left,
                top,
                part.triangles,
                part.normals,
                part.coordinates,
                part.material[geom],
                part.alpha[geom],
                part.texture[geom],
                part.mapping[geom],
                placed.rotations[geom],
                placed.world,
                placed.corner,
                placed.closeness,
                stage.view.eye,
                stage.lights.toward,
                stage.lights.colours,
                one_pass,
                stage.texels,
                stage.table,
                self._canvas,
            )
