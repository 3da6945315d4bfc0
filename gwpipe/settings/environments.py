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
