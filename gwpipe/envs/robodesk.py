"""`gwpipe/RoboDesk-v0`: the Franka arm at the desk (robodesk 1.0.0) behind Gymnasium's interface.

Two faults of the package are mended unless `upstream=True`: its observation gives the objects' velocities twice and
their positions never, and its record of the objects' starting places moves with the objects, so that the lift and
off-table rewards do not respond.
"""

from collections.abc import Collection, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces

from gwpipe.envs.robodesk_desk import Desk
from gwpipe.envs.robodesk_opengl import require_opengl
from gwpipe.envs.robodesk_picture import ExactPicture, FastPicture, Picture, resized
from gwpipe.envs.robodesk_starts import N_ROBOT
from gwpipe.errors import UserError, nearest
from gwpipe.settings import environments as settings

TASKS = settings.TASKS["robodesk"]
CORE_TASKS, EXTRA_TASKS = TASKS[:9], TASKS[9:]
"""The nine core and the nine further tasks of robodesk."""


def _slices(**widths: int) -> dict[str, slice]:
    ends = np.cumsum(list(widths.values())).tolist()
    return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends)}


ATTRIBUTE_SLICES = _slices(qpos_robot=9, qvel_robot=9, end_effector=3, qpos_objects=29, qvel_objects=26)
"""Where each part lies in `attributes` (76,): joint angles (rad; fingers m), their rates, m, m and quaternions, rates.

`qpos_objects` is MuJoCo's order: drawer, slide, the red, green and blue button, their three lamps, then position and
quaternion of the ball, the upright and the flat block. The width and parts are the paper's."""

UPSTREAM_ATTRIBUTE_SLICES = _slices(qpos_robot=9, qvel_robot=9, end_effector=3, qpos_objects=26, qvel_objects=26)
"""The same for `upstream=True` (73,): what the package calls `qpos_objects` are velocities."""

_LARGEST = 1000.0  # bounds of the attributes: finite, and wider than anything the simulation reaches


class RoboDesk(gymnasium.Env[dict[str, Any], np.ndarray]):
    """A tabletop of tasks for a robot arm.

    Action: float32 (5,) in [-1, 1]: end effector dx, dy, dz (1 = 1 cm a step), wrist, gripper (1 opens); values
    outside are clipped. Observation: `image` uint8 (image_size, image_size, 3) and `attributes` float32 (76,), see
    `ATTRIBUTE_SLICES`. Reward: the sum over `action_repeat` environment steps, 0 to 1 each. `info["success"]`: the
    task's predicate held after at least one of the decision's steps. Episodes end by `truncated` alone.

    Args:
        task: one of `TASKS`.
        reward: "dense", "sparse" (the predicate, each step) or "success" (the predicate, once an episode).
        action_repeat: environment steps (20 ms of physics each) in one decision; the paper's is 4.
        episode_decisions: decisions until the time limit; the paper's is 500.
        fidelity: "fast" draws with the software rasteriser, "exact" with MuJoCo's OpenGL renderer as the package does.
        upstream: keep the package's faults (see the module).
        observe: which of "image" and "attributes" are produced; without "image" nothing is drawn.
        image_size: side of the picture in pixels; what is larger than 64 is enlarged, not drawn finer.
        render_mode: only "rgb_array".

    Raises:
        UserError: on a value that none of these allows, and for `fidelity="exact"` without OpenGL.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 12}  # noqa: RUF012 - Gymnasium's declaration

    def __init__(
        self,
        task: str = "push_green",
        reward: Literal["dense", "sparse", "success"] = "dense",
        action_repeat: int = 4,
        episode_decisions: int = 500,
        fidelity: Literal["fast", "exact"] = "fast",
        upstream: bool = False,
        observe: Sequence[str] = ("image", "attributes"),
        image_size: int = 64,
        render_mode: str | None = "rgb_array",
    ) -> None:
        _require_choice("task", task, TASKS)
        _require_choice("reward", reward, ("dense", "sparse", "success"))
        _require_choice("fidelity", fidelity, ("fast", "exact"))
        if not observe or isinstance(observe, str) or not isinstance(observe, Collection):
            raise UserError("RoboDesk: observe must be a list with 'image', 'attributes' or both")
        for part in observe:
            _require_choice("observe", part, ("image", "attributes"))
        for name, number in (
            ("action_repeat", action_repeat),
            ("episode_decisions", episode_decisions),
            ("image_size", image_size),
        ):
            if not isinstance(number, Integral) or isinstance(number, bool) or number < 1:
                raise UserError(f"RoboDesk: {name} must be a whole number and at least 1, not {number!r}")
        if upstream not in (True, False):
            raise UserError(f"RoboDesk: upstream must be True or False, not {upstream!r}")
        if render_mode is not None:
            _require_choice("render_mode", render_mode, ("rgb_array",))
        if fidelity == "exact":
            require_opengl()
        self.task = task
        self.action_repeat = action_repeat
        self.episode_decisions = episode_decisions
        self.fidelity = fidelity
        self.upstream = upstream
        self.observe = tuple(observe)
        self.image_size = image_size
        self.render_mode = render_mode
        self.desk = Desk(task, reward, upstream)
        self.attribute_slices = UPSTREAM_ATTRIBUTE_SLICES if upstream else ATTRIBUTE_SLICES
        self._picture: Picture | None = None
        self._decisions = 0
        width = max(part.stop for part in self.attribute_slices.values())
        every: dict[str, spaces.Space[Any]] = {
            "image": spaces.Box(0, 255, (image_size, image_size, 3), np.uint8),
            "attributes": spaces.Box(-_LARGEST, _LARGEST, (width,), np.float32),
        }
        self.observation_space = spaces.Dict({name: every[name] for name in self.observe})
        self.action_space = spaces.Box(-1.0, 1.0, (5,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; everything random in it follows from `seed` (or from the generator of the last one).

        options: `hand` "anywhere" begins with the hand somewhere within its reach, at rest, instead of above the desk's
            middle; `objects` "anywhere" with drawer, door, ball and blocks as they may come to lie. For data of states
            that acting takes long to come to; no task is meant to begin so.

        Raises:
            UserError: there is no such option, or it has no such value.
        """
        if not isinstance(options, Mapping | None):
            raise UserError(f"RoboDesk: reset options are a dictionary, like {{'hand': 'anywhere'}}, not {options!r}")
        for name, where in (options or {}).items():
            _require_choice("reset option", name, ("hand", "objects"))
            _require_choice(name, where, ("start", "anywhere"))
        super().reset(seed=seed)
        self.desk.begin(int(self.np_random.integers(2**32)), **options or {})
        self._decisions = 0
        return self._observation(), {"success": self.desk.solved()}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """One decision: the action held for `action_repeat` environment steps."""
        action = np.clip(np.asarray(action, dtype=np.float64), -1.0, 1.0)
        if action.shape != (5,) or not np.isfinite(action).all():
            raise ValueError(f"RoboDesk: an action is 5 finite numbers in [-1, 1], not {action}")
        reward, success = 0.0, False
        for _ in range(self.action_repeat):
            reward += self.desk.advance(action)
            success = self.desk.solved() or success
        self._decisions += 1
        truncated = self._decisions >= self.episode_decisions
        return self._observation(), reward, False, truncated, {"success": success}

    def state(self) -> dict[str, Any]:
        """Where the episode is, picklable: simulation, what rewards remember, decisions, random generator."""
        return {
            "made_by": self._made_by,
            "desk": self.desk.state(),
            "decisions": self._decisions,
            "generator": self.np_random.bit_generator.state,
        }

    @property
    def _made_by(self) -> dict[str, Any]:
        """The arguments that steps follow from; the others say how it is shown."""
        names = ("task", "upstream", "action_repeat", "episode_decisions")
        return {name: getattr(self, name) for name in names} | {"reward": self.desk.reward}

    def restore(self, state: dict[str, Any]) -> dict[str, np.ndarray]:
        """Go on from a `state` of this environment or of another of the same arguments; the observation there.

        Steps, rewards and later episodes are those of the environment that it comes from, bit for bit.

        Raises:
            UserError: the state is of an environment of another task, reward, length or kind; or it is no state.
        """
        if not isinstance(state, Mapping) or "made_by" not in state:
            raise UserError("RoboDesk: that is no state; give what `state` of such an environment gave")
        for name, own in self._made_by.items():
            if (given := state["made_by"].get(name)) != own:
                raise UserError(f"RoboDesk: this state is of {name} {given}, the environment of {own}")
        if not self.desk.original_pos:  # upstream, these are views into the simulation that a reset makes
            self.reset(seed=0)
        self.desk.restore(state["desk"])
        self._decisions = state["decisions"]
        self.np_random.bit_generator.state = state["generator"]
        return self._observation()

    def render(self) -> np.ndarray:
        """The present state as uint8 (image_size, image_size, 3), at this environment's fidelity."""
        if self._picture is None:
            self._picture = ExactPicture() if self.fidelity == "exact" else FastPicture(self.desk)
        return resized(self._picture.draw(self.desk), self.image_size)

    def close(self) -> None:
        """Free the OpenGL context, if there is one."""
        self.desk.physics.free()

    def _observation(self) -> dict[str, np.ndarray]:
        make = {"image": self.render, "attributes": self._attributes}
        return {name: make[name]() for name in self.observe}

    def _attributes(self) -> np.ndarray:
        data = self.desk.physics.data
        qpos, qvel = data.qpos, data.qvel
        hand = self.desk.physics.named.data.site_xpos["end_effector"]
        objects = qvel[N_ROBOT:] if self.upstream else qpos[N_ROBOT:]
        return np.concatenate([qpos[:N_ROBOT], qvel[:N_ROBOT], hand, objects, qvel[N_ROBOT:]], dtype=np.float32)


def _require_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UserError(f"RoboDesk: unknown {name} '{value}'{nearest(str(value), choices)}")
