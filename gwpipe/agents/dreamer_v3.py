"""DreamerV3 (Hafner et al.), the baseline "Dreamer": its networks, and the loss of one update.

The paper's sizes are those of Table XIX; the algorithm is that of the 2024 code, with its image networks (`strided`)
by default and those of 2026 (`pooled`) as an option. Everything runs on the meta device: noise is handed in, shapes
are static and nothing is read back to the host.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3_images import ImageDecoder, ImageEncoder, ImageNet
from gwpipe.agents.dreamer_v3_layers import dense, head, linear
from gwpipe.agents.dreamer_v3_losses import balanced_kl, replay_return
from gwpipe.agents.dreamer_v3_rssm import RSSM, VARIABLES, Latent
from gwpipe.agents.policies import Policy
from gwpipe.agents.returns import Spread, lambda_return, scale, survival, update_spread
from gwpipe.agents.two_hot import make_bins, symlog, two_hot_loss, two_hot_mean

IMAGINATION_LENGTH = 15
HORIZON = 333
DISCOUNT = 1 - 1 / HORIZON
RETURN_LAMBDA = 0.95
ENTROPY = 3e-4
REPRESENTATION_SCALE = 0.1
REPLAY_VALUE_SCALE = 0.3
SPREAD_RATE = 0.01
SPREAD_FLOOR = 1.0
BINS, BIN_LIMIT = 255, 20.0


@dataclass(frozen=True)
class Size:
    """Widths: `deter` of the GRU's state, `hidden` inside the RSSM, `classes` a variable, `depth` of the image
    networks' first stage, `units` of every dense layer."""

    deter: int
    hidden: int
    classes: int
    depth: int
    units: int


SIZES = {
    "2m": Size(512, 128, 16, 16, 128),
    "12m": Size(2048, 256, 16, 16, 256),
    "40m": Size(4096, 384, 32, 32, 512),
    "100m": Size(6144, 768, 48, 48, 768),
}
"""By the names of Table XIX and Sect. III-B. 12m and 100m are DreamerV3's own; Table XIX prints hidden 384 for 12m,
which would make 13.5M. It gives no classes and depth: 40m has those of DreamerV3's 50m (41.8M; 24 would make 38.8M)."""


class Batch(NamedTuple):
    """Replayed rows, (B, T, ...), by the table of `timing`; `start` is the stored latent of the row before the first.

    `before` is the action chosen in the row before each row (of `start`'s row for the first).
    """

    start: Latent
    image: Tensor
    """(B, T, 3, R, R), uint8 or float in 0...255."""
    vector: Tensor
    """(B, T, V)."""
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


class DreamerLoss(NamedTuple):
    """Scalars `loss` and its parts; `latent` (B, T) to write back to the replay, `spread` for the next update."""

    loss: Tensor
    parts: dict[str, Tensor]
    latent: Latent
    spread: Spread


class DreamerV3(nn.Module):
    """Encoder, RSSM, decoder and heads.

    Args:
        size: see `SIZES`.
        resolution: pixels across the image.
        vector: width of the attribute vector.
        policy: the action distribution (`policies.policy_for`).
        image_net: `strided` (2024) or `pooled` (2026).
    """

    bins: Tensor

    def __init__(
        self, size: Size, resolution: int, vector: int, policy: Policy, image_net: ImageNet = "strided"
    ) -> None:
        super().__init__()
        self.policy, self.resolution, self.vector = policy, resolution, vector
        stoch, units = VARIABLES * size.classes, size.units
        features = size.deter + stoch
        self.see = ImageEncoder(image_net, size.depth, resolution)
        self.feel = dense(vector, units, 3)
        self.rssm = RSSM(size.deter, size.hidden, size.classes, self.see.width + units, policy.size)
        self.draw = ImageDecoder(image_net, size.depth, resolution, size.deter, stoch, units)
        self.tell = nn.Sequential(*dense(features, units, 3), linear(units, vector))
        self.reward = head(features, units, 1, BINS, scale=0)
        self.goes_on = head(features, units, 1, 1)
        self.actor = head(features, units, 3, policy.outputs, scale=0.01)
        self.critic = head(features, units, 3, BINS, scale=0)
        self.slow_critic = head(features, units, 3, BINS, scale=0).requires_grad_(False)
        self.slow_critic.load_state_dict(self.critic.state_dict())
        self.register_buffer("bins", make_bins(BINS, BIN_LIMIT), persistent=False)

    def tokens(self, image: Tensor, vector: Tensor) -> Tensor:
        """(B, T, E) of image (B, T, 3, R, R) in 0...255 and vector (B, T, V)."""
        seen = self.see(image.flatten(0, 1).float() / 255 - 0.5).unflatten(0, image.shape[:2])
        return torch.cat([seen, self.feel(symlog(vector))], -1)

    @torch.no_grad()
    def imagine(self, start: Latent, noise: Noise) -> tuple[Tensor, Tensor]:
        """Features (H+1, N, F) and actions (H, N, A) of dreams from N starts; neither carries a gradient."""
        latent, features, actions = start, [start.features], []
        for action_noise, latent_noise in zip(noise.action, noise.prior):
            action = self.policy.sample(self.actor(latent.features), action_noise)
            latent = self.rssm.dream(latent, action, latent_noise)
            actions.append(action)
            features.append(latent.features)
        return torch.stack(features), torch.stack(actions)

    def continues(self, features: Tensor) -> Tensor:
        """(...,) probability that the episode goes on, times the discount: both are learnt as one."""
        return self.goes_on(features).squeeze(-1).sigmoid()

    def loss(self, batch: Batch, noise: Noise, spread: Spread) -> DreamerLoss:
        """One sum of all losses, for one optimiser: world model, actor and critic in dreams, critic on replay."""
        parts, latent = self._world_model_losses(batch, noise)
        dreams, returned = self._dream_losses(batch, latent.detach(), noise, spread)
        parts |= dreams.parts
        parts["replay_value"] = self._replay_value_loss(batch, latent, returned)
        loss = torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum()
        return DreamerLoss(loss, parts, latent.detach(), dreams.spread)

    def _world_model_losses(self, batch: Batch, noise: Noise) -> tuple[dict[str, Tensor], Latent]:
        tokens = self.tokens(batch.image, batch.vector)
        observed = self.rssm.observe(batch.start, tokens, batch.before, batch.is_first, noise.posterior)
        latent, features = observed.latent, observed.latent.features
        dynamics, representation = balanced_kl(observed.posterior, observed.prior)
        drawn = self.draw(latent.deter.flatten(0, 1), latent.stoch.flatten(0, 1).flatten(-2))
        image_error = (drawn - batch.image.flatten(0, 1).float() / 255).square().sum((-3, -2, -1))
        vector_error = (self.tell(features) - symlog(batch.vector)).square().sum(-1)
        goes_on = DISCOUNT * (1 - batch.is_terminal.to(features.dtype))
        parts = {
            "dynamics": dynamics.mean(),
            "representation": representation.mean(),
            "image": image_error.mean(),
            "vector": vector_error.mean(),
            "reward": two_hot_loss(self.reward(features), batch.reward, self.bins).mean(),
            "continue": functional.binary_cross_entropy_with_logits(self.goes_on(features).squeeze(-1), goes_on),
        }
        return parts, latent

    def _dream_losses(self, batch: Batch, start: Latent, noise: Noise, spread: Spread) -> tuple["_Dreams", Tensor]:
        features, action = self.imagine(Latent(start.deter.flatten(0, 1), start.stoch.flatten(0, 1)), noise)
        logits = self.critic(features)
        with torch.no_grad():
            reward = two_hot_mean(self.reward(features[1:]), self.bins)
            keeps = self.continues(features[1:])
            value = two_hot_mean(logits, self.bins)
            slow_value = two_hot_mean(self.slow_critic(features[:-1]), self.bins)
            # The continue head has learnt the discount already.
            returns = lambda_return(reward, keeps, value, 1.0, RETURN_LAMBDA)
            spread = update_spread(spread, returns, SPREAD_RATE)
            advantage = (returns - value[:-1]) / scale(spread, SPREAD_FLOOR)
            weight = survival(1 - batch.is_terminal.flatten().to(reward.dtype), keeps, 1.0)
        outputs = self.actor(features[:-1])
        gain = self.policy.log_prob(outputs, action) * advantage + ENTROPY * self.policy.entropy(outputs)
        errors = two_hot_loss(logits[:-1], returns, self.bins) + two_hot_loss(logits[:-1], slow_value, self.bins)
        parts = {"actor": -(weight * gain).mean(), "value": (weight * errors).mean()}
        return _Dreams(parts, spread), returns[0].unflatten(0, batch.reward.shape)

    def _replay_value_loss(self, batch: Batch, latent: Latent, returned: Tensor) -> Tensor:
        """The critic on recorded rows, bootstrapped with the dreams' returns (B, T); it shapes the RSSM as well."""
        returns = replay_return(batch.reward, batch.is_last, batch.is_terminal, returned, DISCOUNT, RETURN_LAMBDA)
        features = latent.features[:, :-1]
        logits = self.critic(features)
        with torch.no_grad():
            slow_value = two_hot_mean(self.slow_critic(features), self.bins)
        errors = two_hot_loss(logits, returns, self.bins) + two_hot_loss(logits, slow_value, self.bins)
        return (errors * (~batch.is_last[:, :-1])).mean()


class _Dreams(NamedTuple):
    parts: dict[str, Tensor]
    spread: Spread


WEIGHTS = {
    "dynamics": 1.0,
    "representation": REPRESENTATION_SCALE,
    "image": 1.0,
    "vector": 1.0,
    "reward": 1.0,
    "continue": 1.0,
    "actor": 1.0,
    "value": 1.0,
    "replay_value": REPLAY_VALUE_SCALE,
}


def trainable(model: DreamerV3) -> int:
    """Number of parameters that an optimiser moves: the slow critic, a copy, is not among them."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
