"""RoboDesk's observations, reconstructed and translated, as pictures; attributes are drawn by the simulator."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gwpipe.envs.robodesk import ATTRIBUTE_SLICES, RoboDesk
from gwpipe.studies.routes import PICTURE, VECTOR, Route
from gwpipe.studies.trained import Modules

SIDE, GAP, HEAD = 128, 4, 30
"""Side of a tile, space between tiles, and the lines above each column, px."""
COLUMNS = (
    "seen",
    "VAE of\nvision",
    "attributes >\nvision",
    "vision >\nvision",
    "VAE of\nattributes, drawn",
    "vision >\nattributes, drawn",
    "attributes >\nattributes, drawn",
)


def draw_desk_translations(observations: Mapping[str, npt.NDArray[Any]], modules: Modules) -> Image.Image:
    """A line a row of `observations`, a column each of `COLUMNS`.

    Args:
        observations: `image` (n, 64, 64, 3) and `attributes` (n, 76), of the same states.
        modules: VAEs and the workspace `gw` of `attr` and `v`.
    """
    u = modules.encode(observations)
    pictures = [
        observations["image"],
        modules.decode(PICTURE, u[PICTURE]),
        modules.follow("gw", Route({VECTOR: 1.0}, PICTURE), u),
        modules.follow("gw", Route({PICTURE: 1.0}, PICTURE), u),
        drawn(modules.decode(VECTOR, u[VECTOR])),
        drawn(modules.follow("gw", Route({PICTURE: 1.0}, VECTOR), u)),
        drawn(modules.follow("gw", Route({VECTOR: 1.0}, VECTOR), u)),
    ]
    rows = len(pictures[0])
    grid = Image.new("RGB", (len(COLUMNS) * (SIDE + GAP) + GAP, rows * (SIDE + GAP) + HEAD + GAP), (128, 128, 128))
    pen = ImageDraw.Draw(grid)
    for column, (title, tiles) in enumerate(zip(COLUMNS, pictures)):
        left = GAP + column * (SIDE + GAP)
        pen.multiline_text((left, 2), title, fill="white", font_size=11, spacing=1)
        for row, tile in enumerate(tiles):
            image = Image.fromarray(tile).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            grid.paste(image, (left, HEAD + row * (SIDE + GAP)))
    return grid


def drawn(attributes: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The simulator's pictures (n, 64, 64, 3) of the positions in attribute vectors (n, 76)."""
    env = RoboDesk()
    env.reset(seed=0)
    physics, pictures = env.desk.physics, []
    for vector in attributes.astype(np.float64):
        # A decoder knows no unit quaternions; MuJoCo takes their direction.
        physics.data.qpos[:] = [vector[at] for part in ("qpos_robot", "qpos_objects") for at in _places(part)]
        physics.forward()
        pictures.append(env.render())
    env.close()
    return np.stack(pictures)


def _places(part: str) -> range:
    return range(ATTRIBUTE_SLICES[part].start, ATTRIBUTE_SLICES[part].stop)
