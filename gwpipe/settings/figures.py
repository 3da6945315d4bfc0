"""Settings of what is measured on trained agents and of the figures that compare methods."""

from pydantic import Field

from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.model import Settings


class AblationSettings(Settings):
    """Trained agents that lose a modality (Sect. IV-B)."""

    episodes: int = Field(default=10, gt=1)
    """Of each agent in each condition, the same for all."""
    blank_episodes: int = Field(default=10, gt=0)
    """Of the random policy, whose mean attributes stand in for those removed."""


class FiguresSettings(Settings):
    """Figures 4 to 6."""

    panels: list[EnvironmentName] = Field(default=["simple_shapes", "robodesk"], min_length=1)
    """Environments, from left to right; each needs all of its configured runs (Figure 4 none)."""
