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
    def learning_rates(self) -> dict[str, float]:
        """Every learning rate by its key: what to lower when numbers are no longer finite."""
        return {name: value for name, value in self if name.endswith("lr")}
