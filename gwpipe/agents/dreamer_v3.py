"""DreamerV3 (Hafner et al.), the baseline "Dreamer": its networks, and what they make of replayed rows and of dreams.

The paper's sizes are those of Table XIX; the algorithm is that of the 2024 code, with its image networks (`strided`)
by default and those of 2026 (`pooled`) as an option. Everything runs on the meta device: noise is handed in, shapes
are static and nothing is read back to the host.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gwpipe.agents.dreamer_v3_images import ImageDecoder, ImageEncoder
from gwpipe.agents.dreamer_v3_layers import dense, head, linear
from gwpipe.agents.dreamer_v3_rssm import RSSM, VARIABLES, Latent
from gwpipe.agents.frozen import frozen
from gwpipe.agents.policies import Policy
from gwpipe.agents.two_hot import make_bins, symlog
from gwpipe.settings.dreamer_v3 import DreamerV3Settings

BINS, BIN_LIMIT = 255, 20.0


class Seen(NamedTuple):
    """What an environment shows: either may be missing, not both."""

    resolution: int | None
    """Pixels across the image."""
    vector: int | None
    """Width of the attribute vector."""


class Batch(NamedTuple):
    """Replayed rows, (B, T, ...), by the table of `timing`; `start` is the stored latent of the row before the first.

    `before` is the action chosen in the row before each row (of `start`'s row for the first).
    """

    start: Latent
    image: Tensor | None
    """(B, T, 3, R, R), uint8 or float in 0...255; None where the model sees none."""
    vector: Tensor | None
    """(B, T, V); likewise."""
    before: Tensor
    """(B, T, A)."""
    reward: Tensor
    is_first: Tensor
    is_last: Tensor
    is_terminal: Tensor


class Noise(NamedTuple):
    """All randomness of an update: Gumbel for latents, the policy's own for actions; N = B·T starts, H steps."""

    posterior: Tensor
    """(B, T, 32, classes)."""
    prior: Tensor
    """(H, N, 32, classes)."""
    action: Tensor
    """(H, N, A)."""


class DreamerV3(nn.Module):
    """Encoder, RSSM, decoder and heads.

    Args:
        settings: of which the widths and the image networks matter here.
        seen: what there is to encode and decode.
        policy: the action distribution (`policies.policy_for`).
    """

    bins: Tensor

    def __init__(self, settings: DreamerV3Settings, seen: Seen, policy: Policy) -> None:
        super().__init__()
        self.policy, self.seen = policy, seen
        size = settings.sizes
        stoch, units = VARIABLES * size.classes, size.units
        features = size.deter + stoch
        tokens = 0
        if seen.resolution is not None:
            self.see = ImageEncoder(settings.image_net, size.depth, seen.resolution)
            self.draw = ImageDecoder(settings.image_net, size.depth, seen.resolution, size.deter, stoch, units)
            tokens += self.see.width
        if seen.vector is not None:
            self.feel = dense(seen.vector, units, 3)
            self.tell = nn.Sequential(*dense(features, units, 3), linear(units, seen.vector))
            tokens += units
        self.rssm = RSSM(size.deter, size.hidden, size.classes, tokens, policy.size)
        self.reward = head(features, units, 1, BINS, scale=0)
        self.goes_on = head(features, units, 1, 1)
        self.actor = head(features, units, 3, policy.outputs, scale=0.01)
        self.critic = head(features, units, 3, BINS, scale=0)
        self.slow_critic = head(features, units, 3, BINS, scale=0).requires_grad_(False)
        self.slow_critic.load_state_dict(self.critic.state_dict())
        self.register_buffer("bins", make_bins(BINS, BIN_LIMIT), persistent=False)

    def tokens(self, image: Tensor | None, vector: Tensor | None) -> Tensor:
        """(N, E) of image (N, 3, R, R) in 0...255 and vector (N, V), each where the model sees it."""
        parts = []
        if image is not None:
            parts.append(self.see(image))
        if vector is not None:
            parts.append(self.feel(symlog(vector)))
        return torch.cat(parts, -1)

    def imagine(self, start: Latent, noise: Noise, differentiable: bool = False) -> tuple[Tensor, Tensor]:
        """Features (H+1, N, F) and actions (H, N, A) of dreams from N starts.

        differentiable: let them carry a gradient to the actor, as in `imagination.imagine`; by default they have none.
        """
        latent, features, actions = start, [start.features], []
        with frozen(self.rssm, differentiable=differentiable):
            mixing = self.rssm.mixing()
            for action_noise, latent_noise in zip(noise.action, noise.prior):
                action = self.policy.sample(self.actor(features[-1].detach()), action_noise)
                latent = self.rssm.dream(latent, action, latent_noise, mixing)
                actions.append(action)
                features.append(latent.features)
            return torch.stack(features), torch.stack(actions)

    def continues(self, features: Tensor) -> Tensor:
        """(...,) probability that the episode goes on, times the discount: both are learnt as one."""
        return self.goes_on(features).squeeze(-1).sigmoid()

    @torch.no_grad()
    def follow(self, rate: float) -> None:
        """Move the slow critic towards the critic by `rate`."""
        pairs = zip(self.slow_critic.parameters(), self.critic.parameters())
        slow, fast = ([*column] for column in zip(*pairs))
        torch._foreach_lerp_(slow, fast, rate)

    @property
    def behaviour(self) -> list[nn.Parameter]:
        """Parameters of actor and critic."""
        return [*self.actor.parameters(), *self.critic.parameters()]

    @property
    def world(self) -> list[nn.Parameter]:
        """Parameters of the world model: all others that learn."""
        behaviour = {id(parameter) for parameter in self.behaviour}
        return [p for p in self.parameters() if p.requires_grad and id(p) not in behaviour]


def trainable(model: DreamerV3) -> int:
    """Number of parameters that an optimiser moves: the slow critic, a copy, is not among them."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
