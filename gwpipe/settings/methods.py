"""Method id → what it sees, how it learns, and what acts. A new method is one file and one line here.

One that learns by settings of its own also has a block of them: a class beside `ppo`, in `LearningBlock` below, and in
`AgentsSettings` and `Learning` of `agents`.

`gw_dreamer.paper` is the method gw_dreamer with the settings that `agents.variants.paper` lays over its own.
Snakemake reads this table too, so nothing here may import torch: agents are named, not imported.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from gwpipe.errors import UserError, nearest

LearningBlock = Literal["dreaming", "dreamer", "end_to_end", "ppo"]
"""The blocks of `AgentsSettings` that say how methods learn."""


@dataclass(frozen=True)
class Entry:
    """One method of the comparison."""

    sees: Literal["gw", "clip", "vaes", "observations"]
    """A workspace of this kind, the concatenated latents of the VAEs, or the environment's observations themselves."""
    learning: LearningBlock
    """The block of `AgentsSettings` that says how it learns."""
    module: str
    """Where its agent is defined. Named, not imported, so that a change to one method reruns no other."""
    agent: str
    """The agent's class there."""
    size: str = ""
    """What tells it from other methods of the same block."""
    only: str | None = None
    """The one domain that it sees, in training and after; all of them where absent."""

    @property
    def workspace(self) -> Literal["gw", "clip"] | None:
        """Kind of the trained workspace it sees through; None where there is none."""
        return self.sees if self.sees in ("gw", "clip") else None

    @property
    def encodes(self) -> bool:
        """Does it see latents of trained VAEs?"""
        return self.sees != "observations"

    @property
    def fuses(self) -> bool:
        """Does a workspace fuse several domains for it, so that their weights may be chosen anew?"""
        return self.only is None and (self.workspace is not None or self.learning == "end_to_end")

    @property
    def chooses(self) -> bool:
        """Does it see the Global Workspace as a whole, so that a rule of fusion learned there may choose for it?"""
        return self.only is None and self.workspace == "gw"


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
    # One domain alone: the transfer between modalities.
    "gw_dreamer_attr": Entry("gw", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="attr"),
    "gw_dreamer_v": Entry("gw", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="v"),
    "clip_dreamer_attr": Entry("clip", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="attr"),
    "clip_dreamer_v": Entry("clip", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="v"),
    "vae_dreamer_attr": Entry("vaes", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="attr"),
    "vae_dreamer_v": Entry("vaes", "dreaming", "gwpipe.agents.dreaming", "DreamingAgent", only="v"),
    "gw_ppo_attr": Entry("gw", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="attr"),
    "gw_ppo_v": Entry("gw", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="v"),
    "clip_ppo_attr": Entry("clip", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="attr"),
    "clip_ppo_v": Entry("clip", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="v"),
    "vae_ppo_attr": Entry("vaes", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="attr"),
    "vae_ppo_v": Entry("vaes", "ppo", "gwpipe.agents.ppo", "PPOAgent", only="v"),
}


def parts(method: str) -> tuple[str, str]:
    """The method of the table that this one is, and its variant: ("gw_dreamer", "paper"), or ("gw_dreamer", "")."""
    base, _, variant = method.partition(".")
    return base, variant


def entry(method: str) -> Entry:
    """The table's line for `method`, whatever its variant.

    Raises:
        UserError: the method is unknown; the nearest is named.
    """
    base, _ = parts(method)
    if base not in METHODS:
        raise UserError(f"method '{base}' is unknown{nearest(base, METHODS)}")
    return METHODS[base]


def _known(method: str) -> str:
    base, _ = parts(method)
    if base not in METHODS:
        raise PydanticCustomError("method", "There is no such method{hint}", {"hint": nearest(base, METHODS)})
    return method


Method = Annotated[str, AfterValidator(_known)]
