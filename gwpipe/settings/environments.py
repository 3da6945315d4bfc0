"""Settings of the two environments: exactly the keyword arguments of their constructors, less `task` and `observe`."""

from typing import Any, Literal

from pydantic import Field

from gwpipe.settings.model import Settings

EnvironmentName = Literal["simple_shapes", "robodesk"]


class SimpleShapesSettings(Settings):
    """Keyword arguments of `gwpipe.envs.simple_shapes.SimpleShapes`."""

    episode_decisions: int = Field(100, gt=0)

    @property
    def action_repeat(self) -> int:
        return 1

    def kwargs(self) -> dict[str, Any]:
        return self.model_dump()


class RoboDeskSettings(Settings):
    """Keyword arguments of `gwpipe.envs.robodesk.RoboDesk`."""

    episode_decisions: int = Field(500, gt=0)
    action_repeat: int = Field(4, gt=0)
    reward: Literal["dense", "sparse", "success"] = "dense"
    fidelity: Literal["fast", "exact"] = "fast"
    upstream: bool = False

    def kwargs(self) -> dict[str, Any]:
        return self.model_dump()


FULL_EPISODE = {"simple_shapes": 100, "robodesk": 500}
"""Decisions in an episode as published; any other length is printed in every table and figure."""

TASKS: dict[str, tuple[str, ...]] = {
    "simple_shapes": ("centre",),
    "robodesk": (
        "open_slide",
        "open_drawer",
        "push_green",
        "stack",
        "upright_block_off_table",
        "flat_block_in_bin",
        "flat_block_in_shelf",
        "lift_upright_block",
        "lift_ball",
        "push_blue",
        "push_red",
        "flat_block_off_table",
        "ball_off_table",
        "upright_block_in_bin",
        "ball_in_bin",
        "upright_block_in_shelf",
        "ball_in_shelf",
        "lift_flat_block",
    ),
}
"""Tasks of each environment; RoboDesk's in the order of its package."""
