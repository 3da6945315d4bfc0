"""Settings of what is measured on trained agents and of the figures that compare methods."""

from typing import Self

from pydantic import Field, model_validator

from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.methods import METHODS, Method, entry
from gwpipe.settings.model import Seeds, Settings


class AblationSettings(Settings):
    """Trained agents that lose a modality (Sect. IV-B)."""

    episodes: int = Field(default=10, gt=1)
    """Of each agent in each condition, the same for all."""
    together: int = Field(default=1, gt=0)
    """Episodes side by side, here and under noise and in transfer: one decision of the agent for all. An environment
    each, so it pays where environments are small."""
    blank_episodes: int = Field(default=10, gt=0)
    """Of the random policy, whose mean attributes stand in for those removed."""


class TransferSettings(Settings):
    """Policies trained on one modality that act on another (the test of leopoldmt/RL_Simple_Shapes)."""

    runs: dict[Method, Seeds] = Field(default={})
    """Method → seeds; methods that see one domain alone. Their budget is that of all agents."""
    episodes: int = Field(default=10, gt=1)
    """Of each agent on each domain, the same for all."""

    @model_validator(mode="after")
    def _each_sees_one_domain(self) -> Self:
        for method in self.runs:
            if entry(method).only is None:
                known = ", ".join(name for name, line in METHODS.items() if line.only is not None)
                raise ValueError(f"{method} of 'runs' sees more than one domain; those that see one are {known}")
        return self


class OpenLoopSettings(Settings):
    """Trained agents' world models without observations, beside what really followed."""

    episodes: int = Field(default=10, gt=0)
    """Of each agent, and of the random policy; the same beginnings for all."""
    context: int = Field(default=4, ge=0)
    """Decisions that a cleared memory sees before a dream starts."""
    every: int = Field(default=5, gt=0)
    """Decisions between two starts in an episode."""


class FiguresSettings(Settings):
    """Figures 4 to 6, those of noise and of transfer, and Table I."""

    panels: list[EnvironmentName] = Field(default=["simple_shapes", "robodesk"], min_length=1)
    """Environments, from left to right, and from top to bottom in Table I; each needs all of its configured runs
    (Figure 4 none)."""
