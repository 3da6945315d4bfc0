"""Settings of agents, their training runs and the evaluation of the runs."""

from typing import Literal

from pydantic import Field

from gwpipe.settings.model import Settings

Method = Literal["gw_dreamer", "vae_dreamer", "clip_dreamer"]
RESERVED_METHODS = (
    "gw_dreamer_e2e",
    "dreamer_2m",
    "dreamer_12m",
    "dreamer_40m",
    "dreamer_100m",
    "ppo",
    "vae_ppo",
    "clip_ppo",
    "gw_ppo",
)


class DreamingSettings(Settings):
    """The paper's GRU world model and actor-critic (Tables XI-XVII)."""

    actor_reads: Literal["h", "hz"] = "hz"
    """What actor and critic see: the GRU's state alone (Sect. II-C, Tables XIV and XV) or state and representation."""
    gru_input: int = Field(gt=0)
    gru_hidden: int = Field(gt=0)
    z_hidden: list[int]
    head_hidden: list[int]
    actor_hidden: list[int]
    critic_hidden: list[int]
    reward_bins: int = Field(255, gt=1)
    value_bins: int = Field(255, gt=1)
    replay_capacity: int = Field(100_000, gt=0)
    batch_size: int = Field(gt=0)
    batch_length: int = Field(gt=1)
    env_steps_per_update: int = Field(gt=0)
    """What the paper calls train ratio: environment steps between two updates."""
    imagination_length: int = Field(20, gt=0)
    return_lambda: float = Field(0.95, ge=0, le=1)
    discount: float = Field(gt=0, lt=1)
    world_model_lr: float = Field(gt=0)
    actor_critic_lr: float = Field(gt=0)


class EvaluationSettings(Settings):
    """Evaluation in a separate environment, with seeds that training never uses."""

    episodes: int = Field(gt=0)
    every: int = Field(gt=0)
    """Environment steps between two evaluations."""
    mode: Literal["sample", "greedy"] = "greedy"


class CriterionSettings(Settings):
    """When a task counts as solved (Fig. 5)."""

    fraction: float = Field(gt=0, lt=1)
    """Share of the best smoothed return above random."""
    window: int = Field(10, gt=0)
    """Trailing window, in episodes."""
    floor: float = Field(gt=0)
    """Return above random under which the best return proves nothing and no criterion exists."""


class AgentsSettings(Settings):
    """Which agents are trained on what, and for how long."""

    task: str
    env_steps: int = Field(gt=0)
    """Budget of a run, in environment steps (decisions × action repeat)."""
    runs: dict[Method, list[int]]
    """Method → seeds."""
    dreaming: DreamingSettings
    evaluation: EvaluationSettings
    random_episodes: int = Field(100, ge=100)
    criterion: CriterionSettings
