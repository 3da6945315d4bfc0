"""What the training loop asks of every method's settings."""

from pydantic import Field

from gwpipe.settings.model import Settings


class LearningSettings(Settings):
    """The base of a block that says how a family of methods learns."""

    standardised_z: bool = False
    """Feed the agent a workspace's z with zero mean and unit variance; the paper's form is plain z."""
    prefill: int = Field(0, ge=0)
    """Environment steps before the first update."""
    env_steps_per_update: int = Field(gt=0)
    """What the paper calls train ratio: environment steps between two updates."""

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

    def of(self, variant: str) -> "LearningSettings":
        """The block for one variant of its methods (`methods.Entry`); most have none."""
        return self
