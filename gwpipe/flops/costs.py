"""What `count_flops` writes and `table1` reads: operations and parameters, plain numbers."""

from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.model import Settings


class Costs(Settings):
    """Operations at one scale. Training: of one update, forward and backward. Encoding: of one observation, forward."""

    vae: dict[str, int]
    """Domain → one update of its β-VAE."""
    workspace: dict[str, int]
    """Kind (gw, clip) → one update."""
    rl: dict[str, int]
    """Method → one update of all that learns from the environment."""
    encode_vaes: int
    """One observation through all VAEs."""
    encode: dict[str, int]
    """Method → one observation through all that is frozen, where anything is."""


class Counts(Settings):
    """Everything counted for one environment."""

    env: EnvironmentName
    present: Costs
    """At the scale of the run, with those sizes of DreamerV3 that are run."""
    paper: Costs
    """At the paper's sizes, with those of DreamerV3 that the paper has or that are run."""
    parameters: dict[str, int]
    """`TABLE/network` (the names of `paper.networks`) → parameters at the paper's sizes."""
