"""Makes the agent of a method (`gwpipe.settings.methods` lists them)."""

import importlib
from typing import TYPE_CHECKING, cast

from gwpipe.settings.learning import LearningSettings
from gwpipe.settings.methods import entry

if TYPE_CHECKING:
    import gymnasium

    from gwpipe.agents.agent import Agent
    from gwpipe.representations import Representation


def make_agent(
    method: str,
    seen: "Representation | gymnasium.spaces.Dict",
    action_space: "gymnasium.Space",
    settings: LearningSettings,
    seed: int,
    device: str = "cpu",
) -> "Agent":
    """A new agent of this method; its networks and replay buffer lie on `device`.

    seen: what the method sees observations through, or the environment's observation space where it sees them as they
    are.

    Raises:
        UserError: the method is unknown.
    """
    line = entry(method)
    if line.only is not None and line.workspace is not None:
        from gwpipe.agents.one_domain import OneDomain

        seen = OneDomain(cast("Representation", seen), line.only)
    agent = getattr(importlib.import_module(line.module), line.agent)
    made: Agent = agent(seen, action_space, settings, seed, device)
    return made
