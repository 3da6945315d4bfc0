"""The picture of the desk, at two fidelities: the package's own (OpenGL) and the software rasteriser's."""

import functools
from typing import Any, Protocol

import numpy as np
from PIL import Image

from gwpipe.envs.rasteriser.baked import ShadowWindow
from gwpipe.envs.rasteriser.camera import FreeCamera
from gwpipe.envs.rasteriser.renderer import Renderer, Stage, build_stage
from gwpipe.envs.robodesk_desk import Desk

CAMERA = FreeCamera(distance=1.8, azimuth=90.0, elevation=-60.0, lookat=(0.0, 0.535, 1.1))
"""The camera of robodesk 1.0.0, in metres and degrees."""
SIZE = 120
"""The whole picture is SIZE × SIZE pixels."""
CROP = (17, 25, 105, 89)
"""Left, top, right, bottom of the part that is kept; the package's (16.75, 25, 105, 88.75) as Pillow rounds it."""
SHADOWS = ShadowWindow(centre=(0.0, 0.62, 0.8), half=1.0, texels=512)
"""The part of the room where moving shadows are drawn, m: the desk, and the floor around it that the picture shows.

Measured against the stock picture (mean, worst of 255): ±1.3 m 1.40, 1.57; ±1.0 m 1.20, 1.33 on played and scattered
states, 1.13, 1.34 with things on the floor and the arm anywhere.
"""


class Picture(Protocol):
    """Draws a desk's present state."""

    def draw(self, desk: Desk) -> np.ndarray:
        """uint8 (64, 88, 3): the cropped part, before it is resized."""
        ...


class ExactPicture:
    """The package's picture through MuJoCo's OpenGL renderer, about 0.4 s each without a GPU."""

    def draw(self, desk: Desk) -> np.ndarray:
        """uint8 (64, 88, 3)."""
        left, top, right, bottom = CROP
        return desk.stock_picture()[top:bottom, left:right]


@functools.cache
def _stage(model: Any) -> Stage:
    return build_stage(model, CAMERA, SIZE, CROP, SHADOWS)


class FastPicture:
    """The software rasteriser's picture: no OpenGL, no GPU."""

    def __init__(self, desk: Desk) -> None:
        self.renderer = Renderer(_stage(desk.physics.model.ptr))

    def draw(self, desk: Desk) -> np.ndarray:
        """uint8 (64, 88, 3)."""
        return self.renderer.draw(desk.physics.data.ptr)


def resized(crop: np.ndarray, image_size: int) -> np.ndarray:
    """The observed picture uint8 (image_size, image_size, 3), resized as the package does it (Lanczos)."""
    image = Image.fromarray(np.ascontiguousarray(crop))
    return np.array(image.resize((image_size, image_size), resample=Image.Resampling.LANCZOS))
