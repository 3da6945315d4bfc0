"""The software rasteriser put together: one baked stage a model, one renderer an environment.

It matches MuJoCo's classic OpenGL renderer on Mesa's llvmpipe to about 1.2/255 in the mean for RoboDesk. Left out: the
floor's faint reflection, sky boxes, fog, lights that are not directional.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from gwpipe.envs.rasteriser.baked import (
    Fragments,
    ShadowWindow,
    StockMaps,
    bake,
    fixed_maps,
    moving_matrices,
    shown_as_read,
    stock_maps,
    windowed,
)
from gwpipe.envs.rasteriser.camera import FreeCamera, View, updated_scene, view_of
from gwpipe.envs.rasteriser.casters import Casters, casters_of
from gwpipe.envs.rasteriser.lighting import Lights, lights_of
from gwpipe.envs.rasteriser.picture import blend, paint, resolve, still_colours
from gwpipe.envs.rasteriser.raster import SAMPLES, cover, place, project
from gwpipe.envs.rasteriser.scene import Content, Part, Shown, content_of
from gwpipe.envs.rasteriser.shadows import FAR, Maps, cast, look_from_light
from gwpipe.envs.rasteriser.textures import Textures, textures_of

_LIT_AT_ONCE = 8192  # triangles whose light is remembered while a picture is drawn
_CASTER_TEXELS = 3.0
"""Of a shadow map, that a caster's vertices are merged in: of RoboDesk's moving parts 16,000 triangles are left, 41,000
at 1.5, and the picture is 0.04 of 255 further from the stock one."""


@dataclass(frozen=True)
class Stage:
    """All that pictures of one model from one camera share; read-only."""

    content: Content
    casters: tuple[Casters, Casters]
    view: View
    crop: tuple[int, int, int, int]
    lights: Lights
    textures: Textures
    stock: StockMaps
    moving_matrices: np.ndarray
    moving_size: int
    fixed_maps: Maps
    fragments: Fragments


def build_stage(
    model: mujoco.MjModel, camera: FreeCamera, size: int, crop: tuple[int, int, int, int], window: ShadowWindow
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
    content, view, textures = content_of(model, scene), view_of(scene, size), textures_of(model)
    lights = lights_of(scene, view.eye)
    casting = np.flatnonzero(lights.passes > 0).tolist()
    origins = np.array([scene.lights[light].pos for light in casting], dtype=np.float64).reshape(-1, 3)
    clip = float(model.vis.map.shadowclip * model.stat.extent)
    side = scene.camera[0]
    depth_range = float(side.frustum_far - side.frustum_near)
    stock = stock_maps(lights, origins, clip, int(model.vis.quality.shadowsize), view.near, depth_range)
    moving = Maps(moving_matrices(stock, window), np.empty((len(casting), window.texels, window.texels), np.float32))
    shown = shown_as_read(content.fixed, view)
    whole = fixed_maps(content.fixed, shown, stock)
    cell = _CASTER_TEXELS * (2.0 * window.half / window.texels)
    return Stage(
        content=content,
        casters=(casters_of(content.moving, cell), casters_of(content.clear, cell)),
        view=view,
        crop=crop,
        lights=lights,
        textures=textures,
        stock=stock,
        moving_matrices=moving.matrices,
        moving_size=window.texels,
        fixed_maps=windowed(whole, stock, window),
        fragments=bake(content.fixed, shown, crop, lights, textures, whole, moving, view.near),
    )


class _Placed:
    """A part where it is now, in memory that is used again for every picture."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.positions, self.rotations = part.positions, part.rotations
        count = len(part.vertices)
        self._memory = np.empty((count, 3)), np.zeros((count, 2), dtype=np.int64), np.zeros(count)

    def update(self, data: mujoco.MjData, view: View) -> Shown:
        self.positions, self.rotations = self.part.placed(data)
        shown = Shown(self.rotations, *self._memory, view.matrix)
        place(self.part.vertices, self.part.vertex_geom, self.positions, self.rotations, shown.world)
        project(shown.world, view.matrix, view.near, shown.corner, shown.closeness)
        return shown


class Renderer:
    """Draws states of one model; not to be used by two threads at once (its stage may be shared)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        left, top, right, bottom = stage.crop
        self._moving, self._clear = _Placed(stage.content.moving), _Placed(stage.content.clear)
        shape = (bottom - top, right - left, SAMPLES)
        self._seen, self._over = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
        self._depth, self._clear_depth = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
        self._canvas = np.empty((*shape, 3), dtype=np.float32)
        casting, size = len(stage.moving_matrices), stage.moving_size
        self._maps = Maps(stage.moving_matrices, np.empty((casting, size, size), dtype=np.float32))
        self._still = np.empty_like(stage.fragments.base)
        self._slot = np.zeros(len(stage.content.moving.surface.triangles), dtype=np.int32)
        self._lit_of = np.full(_LIT_AT_ONCE, -1, dtype=np.int32)
        self._lit = np.empty((_LIT_AT_ONCE, 3, casting + 1, 3))
        most = max(len(casters.vertices) for casters in stage.casters)
        self._caster_world = np.empty((most, 3))
        self._texel, self._far = np.empty((most, 2), dtype=np.int64), np.empty(most)
        self._in_one_pass = stage.lights._replace(passes=np.zeros_like(stage.lights.passes))

    def draw(self, data: mujoco.MjData) -> np.ndarray:
        """The cropped picture uint8 (h, w, 3) of a state whose positions are up to date (after a step or forward)."""
        stage, fragments = self.stage, self.stage.fragments
        left, top, right, bottom = stage.crop
        moving, clear = self._moving.update(data, stage.view), self._clear.update(data, stage.view)
        self._cast_shadows()
        still_colours(fragments.base, fragments.by_light, fragments.texel, fragments.far, self._maps, self._still)
        self._seen.fill(-1)
        np.copyto(self._depth, fragments.depth)
        surface = stage.content.moving.surface
        triangles, count = surface.triangles, len(surface.triangles)
        cover(triangles, 0, count, *moving[1:], stage.view.near, left, top, self._seen, self._depth)
        paint(
            self._seen,
            fragments.index,
            self._still,
            left,
            top,
            *surface,
            *moving,
            *stage.lights,
            *stage.textures,
            *self._maps,
            *stage.fixed_maps,
            self._slot,
            self._lit_of,
            self._lit,
            self._canvas,
        )
        self._blend_clear(clear)
        picture = np.empty((bottom - top, right - left, 3), dtype=np.uint8)
        resolve(self._canvas, picture)
        return picture

    def _cast_shadows(self) -> None:
        stock = self.stage.stock
        self._maps.depth.fill(FAR)
        for casters, placed in zip(self.stage.casters, (self._moving, self._clear)):
            world = self._caster_world[: len(casters.vertices)]
            place(casters.vertices, casters.vertex_geom, placed.positions, placed.rotations, world)
            for matrix, depth in zip(self._maps.matrices, self._maps.depth):
                look_from_light(world, matrix, self._texel, self._far)
                cast(casters.triangles, casters.closed, self._texel, self._far, stock.near, stock.bias, depth)

    def _blend_clear(self, shown: Shown) -> None:
        """Clear geoms, nearest first and then farthest first, over what is opaque (MuJoCo blends them twice)."""
        stage, part = self.stage, self.stage.content.clear
        left, top = stage.crop[:2]
        reach = np.linalg.norm(shown.world - stage.view.eye, axis=1)
        nearest = [reach[part.vertex_geom == geom].min() for geom in range(len(part.alpha))]
        order = np.argsort(nearest, kind="stable")
        triangles, triangle_geom = part.surface.triangles, part.surface.triangle_geom
        for geom in [*order, *order[::-1]]:
            first, last = np.searchsorted(triangle_geom, geom), np.searchsorted(triangle_geom, geom, side="right")
            self._over.fill(-1)
            np.copyto(self._clear_depth, self._depth)
            cover(triangles, first, last, *shown[1:], stage.view.near, left, top, self._over, self._clear_depth)
            blend(
                self._over,
                left,
                top,
                part.surface,
                shown,
                self._in_one_pass,
                stage.textures,
                part.alpha[geom],
                self._canvas,
            )
