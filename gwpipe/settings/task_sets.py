"""Tasks that share one representation (Sect. IV-C, IV-D): Figures 7 and 8, and the last columns of Table I."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.methods import Method
from gwpipe.settings.model import Seeds, Settings, each_once

SetName = Literal["six", "extra"]
SETS: dict[SetName, str] = {"six": "figure7", "extra": "figure8"}
"""Set → the figure that shows it."""
COMPONENTS: dict[SetName, str] = {"six": "rl_6_tasks", "extra": "rl_4_extra_tasks"}
"""Set → the column of Table I that sums it up."""

Tasks = Annotated[list[str], AfterValidator(each_once)]


class TaskSets(Settings):
    """Which tasks are trained beside `agents.task`, and by which methods."""

    six: Tasks = Field(default=[])
    """Tasks whose expert data the shared workspace has seen (Figure 7)."""
    extra: Tasks = Field(default=[])
    """Tasks that it has never seen (Figure 8)."""
    runs: dict[Method, Seeds] = Field(default={})
    """Method → seeds, on each task; none trains nothing."""
    window: int = Field(default=100, gt=0)
    """Episodes over which a success count is averaged."""

    def __getitem__(self, name: SetName) -> list[str]:
        return {"six": self.six, "extra": self.extra}[name]

    @property
    def trained(self) -> list[str]:
        """Tasks that agents are trained on, each once; none where no method runs."""
        return list(dict.fromkeys([*self.six, *self.extra])) if any(self.runs.values()) else []


class SuccessFigureStage(Settings):
    """Of Figures 7 and 8."""

    env: EnvironmentName
    tasks: Tasks
    runs: dict[Method, Seeds]
    window: int
    episode_decisions: int
    resized: list[Method]
    """Those of `runs` that are named for a size and have other widths."""
    seen: list[str]
    """Tasks, with the policy, whose data the representation was trained on."""
