"""Fresh Simple Shapes to measure on: drawn from named random streams that no data set uses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import POSITION_RANGE, SIZE_RANGE, normalise
from gwpipe.seeding import numpy_generator


@dataclass(frozen=True)
class Shapes:
    """N shapes, as the simulator knows them and as the environment shows them."""

    raw: npt.NDArray[np.float64]
    """(N, 8): class index, x, y, size (px), rotation (rad), red, green, blue (0…255)."""
    image: npt.NDArray[np.uint8]
    """(N, 32, 32, 3)."""
    attributes: npt.NDArray[np.float32]
    """(N, 11), normalised."""

    @property
    def observations(self) -> dict[str, npt.NDArray[np.uint8] | npt.NDArray[np.float32]]:
        """As the environment would give them, batch first."""
        return {"image": self.image, "attributes": self.attributes}

    def take(self, rows: npt.NDArray[np.int64]) -> "Shapes":
        """The shapes of these row numbers (n,), in this order."""
        return Shapes(self.raw[rows], self.image[rows], self.attributes[rows])


def fresh_shapes(rows: int, *stream: str | int) -> Shapes:
    """`rows` shapes of the published generator's distribution, drawn from the random stream named by `stream`."""
    raw = sample_raw(numpy_generator(*stream), rows)
    return Shapes(raw, draw(raw), normalise(raw))


def sample_raw(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    """Raw attributes (rows, 8) distributed as `gwpipe.envs.simple_shapes.sample_attributes` draws them one by one."""
    low, high = POSITION_RANGE
    raw = np.empty((rows, 8))
    raw[:, 0] = rng.integers(3, size=rows)
    raw[:, 1:3] = rng.integers(low, high, size=(rows, 2), endpoint=True)
    raw[:, 3] = rng.integers(*SIZE_RANGE, size=rows, endpoint=True)
    raw[:, 4] = rng.uniform(0, 2 * np.pi, size=rows)
    raw[:, 5:] = sample_colours(rng, rows)
    return raw


def sample_colours(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    """Colours (rows, 3), whole numbers 0…255: uniform in hue, lightness 46…255 and saturation, as published."""
    hue, lightness, saturation = rng.integers((0, 46, 0), (180, 255, 255), size=(rows, 3), endpoint=True).T
    return np.rint(255 * hls_to_rgb(hue / 180, lightness / 255, saturation / 255))


def hls_to_rgb(
    hue: npt.NDArray[np.float64], lightness: npt.NDArray[np.float64], saturation: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """`colorsys.hls_to_rgb` of whole arrays (N,), all in [0, 1]; returns (N, 3) in [0, 1]."""
    spread = saturation * np.minimum(lightness, 1 - lightness)
    # Each channel is a trapezium of the hue, a third of the circle apart.
    turns = (12 * hue[:, None] + np.array([0.0, 8.0, 4.0])) % 12
    return lightness[:, None] - spread[:, None] * np.clip(np.minimum(turns - 3, 9 - turns), -1, 1)
