"""Settings of the PPO baselines; the paper names none, so all are chosen here."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gwpipe.settings.learning import LearningSettings
from gwpipe.settings.model import Widths


class PPOSettings(LearningSettings):
    """PPO as Stable-Baselines3 has it; where its name for a setting differs it is given."""

    n_steps: int = Field(gt=1)
    """Decisions in a rollout, after which there is an update."""
    batch_size: int = Field(gt=1)
    n_epochs: int = Field(gt=0)
    """Passes over the rollout in an update."""
    lr: float = Field(gt=0)
    """`learning_rate`, constant."""
    discount: float = Field(gt=0, lt=1)
    """`gamma`."""
    gae_lambda: float = Field(0.95, ge=0, le=1)
    clip_range: float = Field(0.2, gt=0)
    entropy: float = Field(0.0, ge=0)
    """`ent_coef`."""
    value_weight: float = Field(0.5, ge=0)
    """`vf_coef`."""
    max_gradient_norm: float = Field(0.5, gt=0)
    hidden: Widths = Field([64, 64])
    """Of the actor and of the critic, tanh."""
    image_features: int = Field(64, gt=0)
    """What the network that reads pictures says of one; of agents on raw observations alone."""
    normalise_reward: bool = True
    """Divide rewards by the running standard deviation of the discounted return (`VecNormalize`) while training."""
    reward_clip: float = Field(10.0, gt=0)
    """Largest normalised reward, either way."""
    prefill: Literal[0] = 0
    env_steps_per_update: Literal[1] = 1
    """Fixed, like `prefill`: the loop asks after every step, and an update comes when the rollout is full."""

    @property
    def data_for_an_update(self) -> dict[str, int]:
        return {"n_steps": self.n_steps}

    def updates_in(self, env_steps: int, action_repeat: int) -> int:
        return env_steps // (action_repeat * self.n_steps)

    @model_validator(mode="after")
    def _batches_divide_a_rollout(self) -> Self:
        if self.n_steps % self.batch_size:
            raise ValueError(
                f"batch_size {self.batch_size} does not divide n_steps {self.n_steps}; choose one that does"
            )
        return self
