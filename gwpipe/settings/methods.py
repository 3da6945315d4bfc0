"""Method id → what it sees, how it learns, and what acts. A new method is one file and one line here.

Snakemake reads this table too, so nothing here may import torch: agents are named, not imported.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from gwpipe.errors import UserError, nearest


@dataclass(frozen=True)
class Entry:
    """One method of the comparison."""

    sees: Literal["gw", "clip", "vaes", "observations"]
    """A workspace of this kind, the concatenated latents of the VAEs, or the environment's observations themselves."""
    learning: str
    """The block of `AgentsSettings` that says how it learns."""
    module: str
    """Where its agent is defined. Named, not imported, so that a change to one method reruns no other."""
    agent: str
    """The agent's class there."""
    variant: str = ""
    """What tells it from other methods of the same block: a size, say."""

    @property
    def workspace(self) -> Literal["gw", "clip"] | None:
        """Kind of the trained workspace it sees through; None where there is none."""
        return self.sees if self.sees in ("gw", "clip") else None

    @property
    def encodes(self) -> bool:
        """Does it see latents of trained VAEs?"""
        return self.sees != "observations"


METHODS = {
    "gw_dreamer": Entry("gw", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent"),
    "vae_dreamer": Entry("vaes", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent"),
    "clip_dreamer": Entry("clip", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent"),
    "dreamer_2m": Entry("observations", "dreamer", "gwpipe.agents.dreamer_v3_agent", "DreamerAgent", "2m"),
    "dreamer_12m": Entry("observations", "dreamer", "gwpipe.agents.dreamer_v3_agent", "DreamerAgent", "12m"),
    "dreamer_40m": Entry("observations", "dreamer", "gwpipe.agents.dreamer_v3_agent", "DreamerAgent", "40m"),
    "dreamer_100m": Entry("observations", "dreamer", "gwpipe.agents.dreamer_v3_agent", "DreamerAgent", "100m"),
    "gw_dreamer_e2e": Entry("vaes", "end_to_end", "gwpipe.agents.end_to_end", "EndToEndAgent"),
    "ppo": Entry("observations", "ppo", "gwpipe.agents.ppo", "PPOAgent"),
    "vae_ppo": Entry("vaes", "ppo", "gwpipe.agents.ppo", "PPOAgent"),
    "clip_ppo": Entry("clip", "ppo", "gwpipe.agents.ppo", "PPOAgent"),
    "gw_ppo": Entry("gw", "ppo", "gwpipe.agents.ppo", "PPOAgent"),
}


def entry(method: str) -> Entry:
    """The table's line for `method`.

    Raises:
        UserError: the method is unknown; the nearest is named.
    """
    if method not in METHODS:
        raise UserError(f"method '{method}' is unknown{nearest(method, METHODS)}")
    return METHODS[method]


def _known(method: str) -> str:
    if method not in METHODS:
        raise PydanticCustomError("method", "There is no such method{hint}", {"hint": nearest(method, METHODS)})
    return method


Method = Annotated[str, AfterValidator(_known)]
