"""What the training loop asks of every method's settings."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gwpipe.settings.model import Settings

ActorGradient = Literal["reinforce", "dynamics"]
"""How dreams teach the actor: likelier where the return was better than expected (REINFORCE; DreamerV3's paper), or by
the return's own gradient, through the dream's steps (the dynamics: DreamerV2, and DreamerV3's first code, for actions
that are numbers, `actor_grad_cont: backprop`)."""

AdvantageScale = Literal["returns", "advantages"]
"""What an actor's advantages are divided by: the 5-95 % spread of the returns (DreamerV3), or of the advantages
themselves."""


class LearningSettings(Settings):
    """The base of a block that says how a family of methods learns."""

    standardised_z: bool = False
    """Feed the agent a workspace's z with zero mean and unit variance; the paper's form is plain z."""
    prefill: int = Field(0, ge=0)
    """Environment steps before the first update."""
    env_steps_per_update: int = Field(gt=0)
    """What the paper calls train ratio: environment steps between two updates."""

    @property
    def episodes_at_once(self) -> int:
        """Environments that act side by side."""
        return 1

    @property
    def data_for_an_update(self) -> dict[str, int]:
        """What a run's budget has to exceed for an update, by key."""
        return {"env_steps_per_update": self.env_steps_per_update}

    def updates_in(self, env_steps: int, action_repeat: int) -> int:
        """About how many updates fall into a run."""
        return env_steps // self.env_steps_per_update

    @property
    def learning_rates(self) -> dict[str, float]:
        """Every learning rate by its key: what to lower when numbers are no longer finite."""
        return {name: value for name, value in self if name.endswith("lr")}

    def of(self, size: str) -> "LearningSettings":
        """The block for one size of its methods (`methods.Entry`); most have none."""
        return self


class ReplayedSettings(LearningSettings):
    """The base of a block whose methods learn from chunks of replayed rows."""

    environments: int = Field(1, ge=1)
    """That act side by side, each of several in a process of its own. Their episodes begin together, in rounds."""
    replay_capacity: int = Field(100_000, gt=0)
    """Rows of all environments."""
    batch_size: int = Field(gt=0)
    batch_length: int = Field(gt=1)
    """Rows of a chunk less one: steps t → t+1 to learn, or rows to train on after one that gives the first latent."""

    @property
    def episodes_at_once(self) -> int:
        return self.environments

    @property
    def data_for_an_update(self) -> dict[str, int]:
        several = {"environments": self.environments} if self.environments > 1 else {}
        return {"prefill": self.prefill, "batch_length": self.batch_length, **several, **super().data_for_an_update}

    @model_validator(mode="after")
    def _a_chunk_fits_into_the_replay(self) -> Self:
        if self.replay_capacity // self.environments <= self.batch_length:
            chunk = f"a chunk has batch_length + 1 = {self.batch_length + 1} rows"
            several = f" of each of {self.environments} environments" if self.environments > 1 else ""
            raise ValueError(f"replay_capacity {self.replay_capacity} is too small: {chunk}{several}")
        return self
