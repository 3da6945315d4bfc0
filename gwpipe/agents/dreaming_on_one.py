"""Dreaming agents that see one domain through a workspace."""

import gymnasium

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.one_domain import OneDomain
from gwpipe.representations import Representation
from gwpipe.settings.agents import DreamingSettings


def on_attr(
    seen: Representation, action_space: gymnasium.Space, settings: DreamingSettings, seed: int, device: str = "cpu"
) -> DreamingAgent:
    """Attributes alone."""
    return DreamingAgent(OneDomain(seen, "attr"), action_space, settings, seed, device)


def on_v(
    seen: Representation, action_space: gymnasium.Space, settings: DreamingSettings, seed: int, device: str = "cpu"
) -> DreamingAgent:
    """Vision alone."""
    return DreamingAgent(OneDomain(seen, "v"), action_space, settings, seed, device)
