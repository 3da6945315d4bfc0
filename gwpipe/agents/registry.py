"""Method id → representation and agent. A new method is one file and one line here.

Snakemake reads this table too, so nothing here may import torch: agents are named, and types are for the checker alone.
"""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gwpipe.errors import UserError, nearest
from gwpipe.settings.agents import RESERVED_METHODS, DreamingSettings

if TYPE_CHECKING:
    import gymnasium

    from gwpipe.agents.agent import Agent
    from gwpipe.representations import Representation


@dataclass(frozen=True)
class Entry:
    """What a method sees of observations, and what acts on it."""

    workspace: Literal["gw", "clip"] | None
    """Kind of the workspace it sees through; None for the concatenated latents of the VAEs."""
    module: str
    """Where its agent is defined. Named, not imported, so that a change to one method reruns no other."""
    agent: str
    """The agent's class there."""

    def make(
        self,
        representation: "Representation",
        action_space: "gymnasium.Space",
        settings: DreamingSettings,
        seed: int,
        device: str = "cpu",
    ) -> "Agent":
        """A new agent of this method; its networks and replay buffer lie on `device`."""
        agent = getattr(importlib.import_module(self.module), self.agent)
        made: Agent = agent(representation, action_space, settings, seed, device)
        return made


METHODS = {
    "gw_dreamer": Entry("gw", "gwpipe.agents.dreaming", "DreamingAgent"),
    "vae_dreamer": Entry(None, "gwpipe.agents.dreaming", "DreamingAgent"),
    "clip_dreamer": Entry("clip", "gwpipe.agents.dreaming", "DreamingAgent"),
}


def entry(method: str) -> Entry:
    """The registry's line for `method`.

    Raises:
        UserError: the method is reserved for later, or unknown (the nearest is named).
    """
    if method in METHODS:
        return METHODS[method]
    if method in RESERVED_METHODS:
        raise UserError(f"method '{method}' is not available yet; there is {', '.join(METHODS)}")
    raise UserError(f"method '{method}' is unknown{nearest(method, METHODS)}")
