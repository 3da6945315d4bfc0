"""The loss of one update of DreamerV3: world model on replayed rows, actor and critic in dreams, critic on replay."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.agents.dreamer_v3 import Batch, DreamerV3, Noise
from gwpipe.agents.dreamer_v3_losses import balanced_kl, replay_return
from gwpipe.agents.dreamer_v3_rssm import Latent
from gwpipe.agents.frozen import frozen
from gwpipe.agents.returns import Spread, lambda_return, scale, survival, update_spread
from gwpipe.agents.two_hot import cross_entropy, symlog, two_hot_loss, two_hot_mean
from gwpipe.settings.dreamer_v3 import DreamerV3Settings

SPREAD_RATE = 0.01

WEIGHTS = {
    "dynamics": 1.0,
    "representation": 0.1,
    "image": 1.0,
    "vector": 1.0,
    "reward": 1.0,
    "continue": 1.0,
    "actor": 1.0,
    "value": 1.0,
    "replay_value": 0.3,
}


class DreamerLoss(NamedTuple):
    """Scalars `loss` and its parts; `latent` (B, T) to write back to the replay, `spread` for the next update."""

    loss: Tensor
    parts: dict[str, Tensor]
    latent: Latent
    spread: Spread
    entropy: Tensor
    extent: Tensor
    """Scalars, of the policy in dreams."""


def update_loss(
    model: DreamerV3, batch: Batch, noise: Noise, spread: Spread, settings: DreamerV3Settings
) -> DreamerLoss:
    """One sum of all losses, for one backward pass."""
    parts, latent = world_model_losses(model, batch, noise.posterior, settings.discount)
    dreams = _dream_losses(model, batch, latent.detach(), noise, spread, settings)
    parts |= dreams.parts
    parts["replay_value"] = _replay_value_loss(model, batch, latent, dreams.returns, settings)
    loss = torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum()
    return DreamerLoss(loss, parts, latent.detach(), dreams.spread, dreams.entropy, dreams.extent)


def world_model_losses(
    model: DreamerV3, batch: Batch, noise: Tensor, discount: float
) -> tuple[dict[str, Tensor], Latent]:
    """Each loss as a scalar, by name, and the posterior's latents (B, T); `noise` as in `Noise.posterior`."""
    rows = batch.reward.shape
    image, vector = (None if x is None else x.flatten(0, 1) for x in (batch.image, batch.vector))
    tokens = model.tokens(image, vector).unflatten(0, rows)
    observed = model.rssm.observe(batch.start, tokens, batch.before, batch.is_first, noise)
    latent, features = observed.latent, observed.latent.features
    dynamics, representation = balanced_kl(observed.posterior, observed.prior)
    parts = {"dynamics": dynamics.mean(), "representation": representation.mean()}
    if image is not None:
        deter, stoch = latent.deter.flatten(0, 1), latent.stoch.flatten(0, 1).flatten(-2)
        parts["image"] = model.draw.error(deter, stoch, image).mean()
    if vector is not None:
        told = model.tell(features.flatten(0, 1))
        parts["vector"] = (told - symlog(vector)).square().sum(-1).mean()
    goes_on = discount * (1 - batch.is_terminal.to(features.dtype))
    parts["reward"] = two_hot_loss(model.reward(features), batch.reward, model.bins).mean()
    parts["continue"] = functional.binary_cross_entropy_with_logits(model.goes_on(features).squeeze(-1), goes_on)
    return parts, latent


class _Dreams(NamedTuple):
    parts: dict[str, Tensor]
    returns: Tensor
    """(B, T), of the dreams' starts."""
    spread: Spread
    entropy: Tensor
    extent: Tensor


def _dream_losses(
    model: DreamerV3, batch: Batch, start: Latent, noise: Noise, spread: Spread, settings: DreamerV3Settings
) -> _Dreams:
    by_dynamics = settings.actor_gradient == "dynamics"
    starts = Latent(start.deter.flatten(0, 1), start.stoch.flatten(0, 1))
    dreamt, action = model.imagine(starts, noise, by_dynamics)
    features = dreamt.detach()
    logits = model.critic(features)
    with frozen(model.reward, model.goes_on, model.critic, differentiable=by_dynamics):
        reward = two_hot_mean(model.reward(dreamt[1:]), model.bins)
        keeps = model.continues(dreamt[1:])
        value = two_hot_mean(model.critic(dreamt) if by_dynamics else logits, model.bins)
        # The continue head has learnt the discount already.
        promised = lambda_return(reward, keeps, value, 1.0, settings.return_lambda)
    with torch.no_grad():
        slow_value = two_hot_mean(model.slow_critic(features[:-1]), model.bins)
        returns = promised.detach()
        advantage = returns - value[:-1]
        scaled_by = returns if settings.advantage_scale == "returns" else advantage
        spread = update_spread(spread, scaled_by, SPREAD_RATE)
        divisor = scale(spread, settings.scale_floor)
        weight = survival(1 - batch.is_terminal.flatten().to(reward.dtype), keeps, 1.0)
    policy, outputs = model.policy, model.actor(features[:-1])
    entropy = policy.entropy(outputs)
    gain = promised / divisor if by_dynamics else policy.log_prob(outputs, action) * (advantage / divisor)
    extent = policy.extent(outputs)
    gain = gain + settings.entropy * entropy - settings.mean_penalty * extent
    errors = _critic_error(logits[:-1], returns, slow_value, model.bins)
    parts = {"actor": -(weight * gain).mean(), "value": (weight * errors).mean()}
    return _Dreams(
        parts, returns[0].unflatten(0, batch.reward.shape), spread, entropy.detach().mean(), extent.detach().mean()
    )


def _critic_error(logits: Tensor, returns: Tensor, slow_value: Tensor, bins: Tensor) -> Tensor:
    """(...,) cross entropy to the returns and, as a regulariser, to the slow critic's mean."""
    log_probs = logits.log_softmax(-1)
    return cross_entropy(log_probs, returns, bins) + cross_entropy(log_probs, slow_value, bins)


def _replay_value_loss(
    model: DreamerV3, batch: Batch, latent: Latent, returned: Tensor, settings: DreamerV3Settings
) -> Tensor:
    """The critic on recorded rows, bootstrapped with the dreams' returns (B, T); it shapes the RSSM as well."""
    ends = batch.is_last, batch.is_terminal
    returns = replay_return(batch.reward, *ends, returned, settings.discount, settings.return_lambda)
    features = latent.features[:, :-1]
    with torch.no_grad():
        slow_value = two_hot_mean(model.slow_critic(features), model.bins)
    errors = _critic_error(model.critic(features), returns, slow_value, model.bins)
    return (errors * (~batch.is_last[:, :-1])).mean()
