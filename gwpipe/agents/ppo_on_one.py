"""PPO agents that see one domain through a workspace."""

import gymnasium

from gwpipe.agents.one_domain import OneDomain
from gwpipe.agents.ppo import PPOAgent
from gwpipe.representations import Representation
from gwpipe.settings.ppo import PPOSettings


def on_attr(
    seen: Representation, action_space: gymnasium.Space, settings: PPOSettings, seed: int, device: str = "cpu"
) -> PPOAgent:
    """Attributes alone."""
    return PPOAgent(OneDomain(seen, "attr"), action_space, settings, seed, device)


def on_v(
    seen: Representation, action_space: gymnasium.Space, settings: PPOSettings, seed: int, device: str = "cpu"
) -> PPOAgent:
    """Vision alone."""
    return PPOAgent(OneDomain(seen, "v"), action_space, settings, seed, device)
