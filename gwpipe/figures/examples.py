"""Observations of both environments as agents get them, with what Figure 4 draws over them."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.envs.shape_drawing import IMAGE_SIZE, outline
from gwpipe.envs.simple_shapes import TARGET
from gwpipe.seeding import derive, numpy_generator
from gwpipe.settings.environments import RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.experts import EXPERTS

Array = npt.NDArray[np.float64]

SHOWN = 4
"""Observations of an environment."""
_REACH = 0.2
"""Length of an arrow over the desk, m; a decision's full action moves the hand by 6 mm."""
_BODIES = {"open_slide": "slide", "open_drawer": "drawer", "stack": "upright_block"}
"""What a task is about, where its name does not say it."""


@dataclass(frozen=True)
class Arrow:
    """An action, in pixels (column, row) of the picture; `bend` curves it."""

    start: Array
    end: Array
    label: str
    at: Array
    """Where the label's middle is."""
    bend: float = 0.0


@dataclass(frozen=True)
class Example:
    """One observation: image (side, side, 3) uint8 and attributes (A,) float32."""

    image: npt.NDArray[np.uint8]
    attributes: npt.NDArray[np.float32]
    title: str
    goal: Array
    """(n, 2) pixels (column, row): the outline of the goal, or one point on what the task is about."""


@dataclass(frozen=True)
class Examples:
    """Those of one environment; the actions belong to the first."""

    title: str
    shown: tuple[Example, ...]
    arrows: tuple[Arrow, ...]


def shape_examples(settings: SimpleShapesSettings, task: str, seed: int) -> Examples:
    """A start of each class with the outline of its goal, and the first one's goal reached.

    Actions are drawn longer than they are: a move is 1 px, a turn π/32.
    """
    shown: list[Example] = []
    with contextlib.closing(gymnasium.make(ENVIRONMENT_IDS["simple_shapes"], task=task, **settings.kwargs())) as env:
        state: Any = env.unwrapped
        starts: list[Array] = []
        k = 0
        while len(starts) < SHOWN - 1:
            observation, _ = env.reset(seed=derive("figure4", seed, k))
            k += 1
            if state.raw[0] in (start[0] for start in starts) or not (starts or _has_room(state.raw)):
                continue
            starts.append(state.raw.copy())
            shown.append(_example(observation, "a start", _goal_outline(state.raw)))
        shape, _, _, size, _, *colour = starts[0]
        reached = {"shape": int(shape), "size": size, "colour": colour, "x": TARGET, "y": TARGET, "rotation": 0.0}
        observation, _ = env.reset(options={"attributes": reached})
        shown.append(_example(observation, "the first one's goal", _goal_outline(starts[0])))
    return Examples("Simple Shapes: upright in the centre", tuple(shown), _moves(starts[0]))


def desk_examples(settings: RoboDeskSettings, task: str, seed: int) -> Examples:
    """Moments of an expert's episode up to its first success; of a random one where the task has no expert."""
    frames: list[tuple[Mapping[str, npt.NDArray[Any]], Array]] = []
    with contextlib.closing(gymnasium.make(ENVIRONMENT_IDS["robodesk"], task=task, **settings.kwargs())) as env:
        desk = _Desk(env, task)
        rng = numpy_generator("figure4", seed, "robodesk")
        observation, _ = env.reset(seed=derive("figure4", seed, "robodesk"))
        arrows = desk.arrows(len(observation["image"]))
        if task in EXPERTS:
            # Experts import a simulator, which is not needed to draw Simple Shapes alone.
            from gwpipe.experts.engine import make_expert

            policy: Any = make_expert(env)
            policy.reset(rng)
        else:
            policy = None
        done = False
        frames.append((observation, desk.place(len(observation["image"]))))
        while not done:
            action = policy.act() if policy else rng.uniform(-1, 1, 5).astype(np.float32)
            observation, _, terminated, truncated, info = env.step(action)
            frames.append((observation, desk.place(len(observation["image"]))))
            success = bool(info["success"])
            done = terminated or truncated or success
    chosen = np.linspace(0, len(frames) - 1, SHOWN).astype(int)
    titles = ["a start", *(f"after {k} decisions" for k in chosen[1:-1])]
    titles.append(f"{'the goal, after' if success else 'no success after'} {chosen[-1]} decisions")
    shown = [_example(frames[k][0], title, frames[k][1]) for k, title in zip(chosen, titles, strict=True)]
    return Examples(f"RoboDesk: {task}", tuple(shown), arrows)


def _example(observation: Mapping[str, npt.NDArray[Any]], title: str, goal: Array) -> Example:
    return Example(observation["image"], observation["attributes"], title, goal)


def _goal_outline(raw: Array) -> Array:
    """Where a shape of raw attributes (8,) should be, (n, 2) pixels."""
    corners = outline(int(raw[0]), float(raw[3]))
    return _pixels(TARGET + raw[3] * (corners - 0.5))


def _pixels(points: Array) -> Array:
    """Places (…, 2) in the world of Simple Shapes, px with y up, to pixels (column, row) between pixels' centres."""
    return np.stack([points[..., 0], IMAGE_SIZE - points[..., 1]], -1) - 0.5


def _has_room(raw: Array) -> bool:
    """Does nothing of a shape's arrows leave the picture or lie over its goal?"""
    return bool((np.abs(raw[1:3] - TARGET) <= 6).all() and np.abs(raw[1:3] - TARGET).max() >= 5 and raw[3] <= 9)


def _moves(raw: Array) -> tuple[Arrow, ...]:
    """The seven actions of Simple Shapes less the one that does nothing, around a shape."""
    centre, near = raw[1:3], 0.45 * raw[3]
    far = near + 3
    ways = [("1", (1, 0)), ("2", (0, 1)), ("3", (-1, 0)), ("4", (0, -1))]
    moves = [(name, *(length * np.array(way) for length in (near, far, far + 1)), 0.0) for name, way in ways]
    # Both turns begin above the shape: 5 is counter-clockwise.
    turns = [
        (name, np.array([side, 0.8 * far]), np.array([side * 0.8 * far, 1.0]), np.array([side, 1.0]) * 0.85 * far, bend)
        for name, side, bend in (("5", -1.0, 0.35), ("6", 1.0, -0.35))
    ]
    return tuple(
        Arrow(_pixels(centre + start), _pixels(centre + end), name, _pixels(centre + at), bend)
        for name, start, end, at, bend in [*moves, *turns]
    )


class _Desk:
    """The desk seen through the camera of its pictures."""

    def __init__(self, env: gymnasium.Env, task: str) -> None:
        self.desk: Any = env.unwrapped.desk  # type: ignore[attr-defined]
        name = task.removeprefix("push_").removeprefix("lift_")
        about = f"{name}_button" if task.startswith("push_") else name.split("_in_")[0].split("_off_")[0]
        self.body = _BODIES.get(task, about)

    def place(self, side: int) -> Array:
        """Of what the task is about, (1, 2) pixels of a picture of that side."""
        return self._seen(np.array(self.desk.physics.named.data.xpos[self.body]), side)[None]

    def arrows(self, side: int) -> tuple[Arrow, ...]:
        """The five actions at the hand."""
        hand = np.array(self.desk.physics.named.data.site_xpos["end_effector"])
        start = self._seen(hand, side)
        straight = [
            Arrow(start, self._seen(hand + _REACH * axis, side), label, self._seen(hand + 1.3 * _REACH * axis, side))
            for label, axis in zip(("dx", "dy", "dz"), np.eye(3))
        ]
        left, low = np.array([-side / 10, 0.0]), np.array([0.0, side / 16])
        turn = Arrow(start + left + low, start - left + low, "wrist, gripper", start + 3 * low, bend=0.6)
        return (*straight, turn)

    def _seen(self, point: Array, side: int) -> Array:
        """A point (3,) m to (column, row) of the cropped and resized picture."""
        from gwpipe.envs.rasteriser.camera import updated_scene, view_of
        from gwpipe.envs.robodesk_picture import CAMERA, CROP, SIZE

        physics = self.desk.physics
        view = view_of(updated_scene(physics.model.ptr, physics.data.ptr, CAMERA), SIZE)
        column, row, w = view.matrix @ np.append(point, 1.0)
        left, top, right, bottom = CROP
        return np.array([(column / w - left) / (right - left), (row / w - top) / (bottom - top)]) * side - 0.5
