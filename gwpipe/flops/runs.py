"""What was really trained in one environment: the inputs of Table I beside the counts and the criterion."""

from pydantic import Field

from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.model import Settings
from gwpipe.settings.table1_stages import Schedule


class AgentRun(Settings):
    """One run of `train_agent`, from the `results` of its manifest."""

    seed: int
    updates: int = Field(ge=0)
    env_steps: int = Field(gt=0)
    """Environment steps of the whole run."""
    encoded_observations: int = Field(ge=0)
    """Observations that went through the frozen VAEs (and the workspace) during training."""


class TaskRuns(Settings):
    """What was trained on one of several tasks."""

    task: str
    runs: dict[str, list[AgentRun]]
    """Method → its runs."""


class Study(Settings):
    """Everything trained in one environment at one scale."""

    env: EnvironmentName
    task: str
    episode_decisions: int = Field(gt=0)
    representation_seed: int
    vae_updates: dict[str, int]
    """Domain → updates of its VAE; empty where none was trained."""
    workspace_updates: dict[str, int]
    """Kind (gw, clip) → updates."""
    cached_observations: int = Field(ge=0)
    """Rows that were encoded once by the VAEs for the training of the workspaces."""
    schedules: dict[str, Schedule]
    """Method → when its updates fall due."""
    runs: dict[str, list[AgentRun]]
    """Method → its runs."""
    resized: list[str] = Field([])
    """Methods that are named for a size and have other widths."""
    several: dict[str, list[TaskRuns]] = Field({})
    """Component (rl_6_tasks, rl_4_extra_tasks) → its tasks; empty where no agent was trained on them."""
