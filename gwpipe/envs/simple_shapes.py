"""Simple Shapes: move and turn a shape until it stands upright in the centre (paper; leopoldmt/RL_Simple_Shapes).

Unlike the published environment, this one is deterministic from its seed, declares its true observation space and
shares one normalisation of attributes with the data sets.
"""

import colorsys
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from gwpipe.envs.shape_drawing import IMAGE_SIZE, SHAPE_NAMES, draw
from gwpipe.errors import UserError

ATTRIBUTES = 11
"""Width of the normalised attribute vector: 3 one-hot, x, y, size, cos, sin, red, green, blue."""

POSITION_RANGE = (7, 24)
"""Smallest and largest x and y (px) at reset and in the data; moves may leave it."""
SIZE_RANGE = (7, 14)
"""Smallest and largest size, px."""
TARGET = 16.0
"""x and y of the goal, px."""
TURN = math.pi / 32
"""Rotation of one turn, and the largest angle from upright that counts as upright, rad."""
OBSERVATIONS = ("image", "attributes")
TASKS = ("centre",)


def normalise(raw: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Raw attributes (…, 8) to the normalised vector (…, 11).

    raw: class index, x, y, size (px), rotation (rad), red, green, blue (0…255). The one-hot stays 0 / 1 and cos, sin
    are raw; x, y → 2(x − 7)/18 − 1, size → 2(s − 7)/7 − 1, colour → 2c/255 − 1. Of the three published variants this
    is the data-set repository's, used for data and environment alike: it spreads what varies over the whole of
    [−1, 1], where the others squeeze the size into half of it or less, and a β-VAE discards what has little variance.
    """
    rows = np.asarray(raw, dtype=np.float64)
    out = np.empty((*rows.shape[:-1], ATTRIBUTES), dtype=np.float32)
    out[..., :3] = rows[..., :1] == np.arange(3)
    out[..., 3:5] = 2 * (rows[..., 1:3] - 7) / 18 - 1
    out[..., 5] = 2 * (rows[..., 3] - 7) / 7 - 1
    out[..., 6] = np.cos(rows[..., 4])
    out[..., 7] = np.sin(rows[..., 4])
    out[..., 8:] = 2 * rows[..., 5:] / 255 - 1
    return out


def denormalise(attributes: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The inverse of `normalise`, (…, 11) → (…, 8): class by the largest of the three, rotation in [0, 2π)."""
    rows = np.asarray(attributes, dtype=np.float64)
    out = np.empty((*rows.shape[:-1], 8))
    out[..., 0] = rows[..., :3].argmax(-1)
    out[..., 1:3] = (rows[..., 3:5] + 1) * 9 + 7
    out[..., 3] = (rows[..., 5] + 1) * 3.5 + 7
    out[..., 4] = np.arctan2(rows[..., 7], rows[..., 6]) % (2 * math.pi)
    out[..., 5:] = (rows[..., 8:] + 1) * 127.5
    return out


def sample_attributes(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """One raw attribute vector (8,) from the published generator's distribution.

    Class, x, y and size are uniform integers, the rotation is uniform in [0, 2π), the colour is uniform in integer hue
    0…180 (half degrees), lightness 46…255 and saturation 0…255.
    """
    low, high = POSITION_RANGE
    shape = rng.integers(3)
    x, y = rng.integers(low, high, size=2, endpoint=True)
    size = rng.integers(*SIZE_RANGE, endpoint=True)
    rotation = rng.uniform(0, 2 * math.pi)
    hue, lightness, saturation = rng.integers((0, 46, 0), (180, 255, 255), endpoint=True)
    colour = np.rint(255 * np.array(colorsys.hls_to_rgb(hue / 180, lightness / 255, saturation / 255)))
    return np.array([shape, x, y, size, rotation, *colour], dtype=np.float64)


class SimpleShapes(gymnasium.Env[dict[str, npt.NDArray[Any]], np.int64]):
    """A shape on black; the agent moves it by pixels and turns it by π/32.

    Actions: 0 nothing, 1 +x, 2 +y (up), 3 −x, 4 −y, 5 turn counter-clockwise, 6 turn clockwise.
    Reward after the move: −distance to (16, 16) in px − 10 · angle to upright in rad.
    Terminated: exactly at (16, 16) and less than π/32 from upright; `info["success"]` says so too.
    Truncated: after `episode_decisions` decisions.

    Args:
        task: only "centre" exists.
        episode_decisions: length at which an episode is truncated (100 in the published configurations).
        observe: which of "image" and "attributes" are produced; leaving "image" out saves the drawing.
        render_mode: None or "rgb_array".

    Raises:
        UserError: unknown task or observation, or a length below 1.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 - the base class's type
    action_repeat: ClassVar[int] = 1
    """Environment steps in one decision."""

    def __init__(
        self,
        task: str = "centre",
        episode_decisions: int = 100,
        observe: Sequence[str] = OBSERVATIONS,
        render_mode: str | None = None,
    ) -> None:
        if task not in TASKS:
            raise UserError(f"simple_shapes has no task {task!r}; choose one of: {', '.join(TASKS)}")
        unknown = [name for name in observe if name not in OBSERVATIONS]
        if unknown or not observe:
            raise UserError(
                f"simple_shapes cannot observe {unknown or 'nothing'}; choose from: {', '.join(OBSERVATIONS)}"
            )
        if episode_decisions < 1:
            raise UserError(f"simple_shapes: episode_decisions must be at least 1, not {episode_decisions}")
        self.task = task
        self.episode_decisions = episode_decisions
        self.observe = tuple(observe)
        self.render_mode = render_mode
        self.raw = np.zeros(8)
        """The simulator's state, laid out as in `normalise`: class, x, y, size, rotation, red, green, blue."""
        self.decisions = 0
        self.action_space = spaces.Discrete(7)
        furthest = 2 * (IMAGE_SIZE + episode_decisions - 7) / 18 - 1
        bounds = np.array([1, 1, 1, furthest, furthest, 1, 1, 1, 1, 1, 1], dtype=np.float32)
        low = np.array([0, 0, 0, *-bounds[3:]], dtype=np.float32)
        boxes: dict[str, spaces.Box] = {
            "image": spaces.Box(0, 255, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8),
            "attributes": spaces.Box(low, bounds, dtype=np.float32),
        }
        self.observation_space: spaces.Space[Any] = spaces.Dict(
            {name: boxes[name] for name in OBSERVATIONS if name in self.observe}
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Draw a new shape, or part of it: what `options` fixes takes the place of what is drawn.

        Args:
            seed: seeds `self.np_random`; the same seed always gives the same episode.
            options: {"attributes": {…}} with any of: `shape` ("diamond", "egg", "triangle" or 0, 1, 2); `x`, `y` in px,
                0…32, y up (the goal is reached from whole numbers only); `size` in px, 7…14; `rotation` in rad,
                counter-clockwise; `colour`, three numbers 0…255.

        Raises:
            UserError: an option or attribute that does not exist or is out of range.
        """
        super().reset(seed=seed)
        self.raw = sample_attributes(self.np_random)
        unknown = set(options or {}) - {"attributes"}
        if unknown:
            raise UserError(f"simple_shapes: unknown reset option {min(unknown)!r}; the only one is 'attributes'")
        for name, value in (options or {}).get("attributes", {}).items():
            _set_attribute(self.raw, name, value)
        self.decisions = 0
        return self._observation(), {"success": False}

    def step(self, action: np.int64) -> tuple[dict[str, npt.NDArray[Any]], float, bool, bool, dict[str, Any]]:
        """One decision = one environment step; see the class for actions and reward."""
        move = int(action)
        if not 0 <= move < 7:
            raise UserError(f"simple_shapes: action {action!r} is not one of 0…6")
        if 1 <= move <= 4:
            self.raw[1 if move % 2 else 2] += 1.0 if move <= 2 else -1.0
        elif move >= 5:
            self.raw[4] = (self.raw[4] + (TURN if move == 5 else -TURN)) % (2 * math.pi)
        self.decisions += 1
        angle = math.acos(math.cos(self.raw[4]))
        distance = math.hypot(self.raw[1] - TARGET, self.raw[2] - TARGET)
        success = distance == 0 and angle < TURN
        truncated = self.decisions >= self.episode_decisions and not success
        return self._observation(), -distance - 10 * angle, success, truncated, {"success": success}

    def render(self) -> npt.NDArray[np.uint8]:
        """The picture (32, 32, 3), whatever `observe` says."""
        return draw(self.raw[None])[0]

    def _observation(self) -> dict[str, npt.NDArray[Any]]:
        made: dict[str, npt.NDArray[Any]] = {}
        if "image" in self.observe:
            made["image"] = draw(self.raw[None])[0]
        if "attributes" in self.observe:
            made["attributes"] = normalise(self.raw)
        return made


def _set_attribute(raw: npt.NDArray[np.float64], name: str, value: Any) -> None:
    """Write one named attribute of a reset option into raw attributes (8,)."""
    columns = {"x": (1, (0, IMAGE_SIZE)), "y": (2, (0, IMAGE_SIZE)), "size": (3, SIZE_RANGE)}
    try:
        if name == "shape":
            raw[0] = SHAPE_NAMES.index(value) if isinstance(value, str) else range(3)[value]
        elif name == "rotation":
            raw[4] = _number(value, -math.inf, math.inf) % (2 * math.pi)
        elif name == "colour":
            red, green, blue = value
            raw[5:8] = [_number(channel, 0.0, 255.0) for channel in (red, green, blue)]
        elif name in columns:
            column, (low, high) = columns[name]
            raw[column] = _number(value, low, high)
        else:
            raise UserError(
                f"simple_shapes: unknown attribute {name!r} in reset options; "
                "choose from: shape, x, y, size, rotation, colour"
            )
    except (ValueError, TypeError, IndexError) as error:
        form = {
            "shape": f"one of {', '.join(SHAPE_NAMES)} or 0, 1, 2",
            "x": "a number 0…32 (px)",
            "y": "a number 0…32 (px)",
            "size": f"a number {SIZE_RANGE[0]}…{SIZE_RANGE[1]} (px)",
            "rotation": "a finite number (rad)",
            "colour": "three numbers 0…255",
        }[name]
        raise UserError(
            f"simple_shapes: attribute {name!r} of the reset options must be {form}, not {value!r}"
        ) from error


def _number(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not (low <= number <= high and math.isfinite(number)):
        raise ValueError(number)
    return number
