"""Actor and critic (Tables XIV, XV) and their loss on a dream; no gradient reaches the world model's parameters."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gwpipe.agents.frozen import frozen
from gwpipe.agents.imagination import Dream
from gwpipe.agents.mlp import mlp, scale_output
from gwpipe.agents.policies import Policy
from gwpipe.agents.returns import Spread, lambda_return, scale, survival, update_spread
from gwpipe.agents.two_hot import make_bins, two_hot_loss, two_hot_mean
from gwpipe.settings.agents import DreamingSettings


class ActorCritic(nn.Module):
    """Actor, critic and the slow copy of the critic; all read h or [h, z] (`timing.actor_input`).

    At the paper's sizes with h alone: actor 562,183 (Simple Shapes, 7 logits) and 1,055,242 (RoboDesk, 5 means and
    spreads); critic 689,407 and 1,180,927 with 255 bins.
    """

    bins: Tensor

    def __init__(self, inputs: int, outputs: int, settings: DreamingSettings) -> None:
        super().__init__()
        normed = settings.normed
        self.actor = scale_output(mlp(inputs, settings.actor_hidden, outputs, normed), 0.01)
        self.critic = scale_output(mlp(inputs, settings.critic_hidden, settings.value_bins, normed), 0.0)
        self.slow_critic = mlp(inputs, settings.critic_hidden, settings.value_bins, normed).requires_grad_(False)
        self.slow_critic.load_state_dict(self.critic.state_dict())
        self.register_buffer("bins", make_bins(settings.value_bins, settings.bin_limit), persistent=False)

    @torch.no_grad()
    def follow(self, rate: float) -> None:
        """Move the slow critic by `rate` of its distance to the critic."""
        torch._foreach_lerp_(list(self.slow_critic.parameters()), list(self.critic.parameters()), rate)


class ActorCriticLoss(NamedTuple):
    """Scalars: `loss` and what it is made of; `spread` replaces the one that was handed in."""

    loss: Tensor
    actor: Tensor
    critic: Tensor
    entropy: Tensor
    extent: Tensor
    value: Tensor
    reward: Tensor
    keeps: Tensor
    scale: Tensor
    spread: Spread


def actor_critic_loss(
    networks: ActorCritic, policy: Policy, dream: Dream, first: Tensor, spread: Spread, settings: DreamingSettings
) -> ActorCriticLoss:
    """λ-returns of the dream teach the critic; their advantage over its value, scaled, teaches the actor.

    Actor, REINFORCE: -w (log π(a) sg((R - v) / S) + entropy bonus - penalty). Actor, by the dynamics: -w (R / S +
    entropy bonus - penalty), the gradient of R running back through the dream. The penalty is `mean_penalty` times the
    squares of the actions' means before tanh (`Policy.extent`). Critic: w (cross entropy to R + cross entropy to the
    slow critic's mean). w is the discounted probability that the dream still goes on at the state (`returns.survival`),
    as a share of all in the batch: a mean over what is alive, where DreamerV3 takes one over all states.

    Args:
        dream: H steps from N starts; differentiable where `settings.actor_gradient` is "dynamics".
        first: (N,), 1 where the start is not terminal.
        spread: moving percentiles so far, of returns or advantages as `settings.advantage_scale` says.
    """
    seen = dream.seen.detach()[:-1]
    logits = networks.critic(dream.seen.detach())
    by_dynamics = settings.actor_gradient == "dynamics"
    with frozen(networks.critic, differentiable=by_dynamics):
        judged = networks.critic(dream.seen) if by_dynamics else logits
        value = two_hot_mean(judged, networks.bins)
        dreamt = lambda_return(dream.reward, dream.keeps, value, settings.discount, settings.return_lambda)
    with torch.no_grad():
        slow_value = two_hot_mean(networks.slow_critic(seen), networks.bins)
        returns = dreamt.detach()
        weight = survival(first, dream.keeps, settings.discount)
        advantage = returns - value[:-1]
        scaled_by = returns if settings.advantage_scale == "returns" else advantage
        spread = update_spread(spread, scaled_by, settings.scale_rate)
        divisor = scale(spread, settings.scale_floor)
        # Of dreams that all begin at an end nothing is to be learnt.
        weight = weight / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)
    outputs = networks.actor(seen)
    entropy = policy.entropy(outputs)
    if by_dynamics:
        gain = dreamt / divisor
    else:
        gain = policy.log_prob(outputs, dream.action) * (advantage / divisor)
    extent = policy.extent(outputs)
    actor = -(weight * (gain + settings.entropy * entropy - settings.mean_penalty * extent)).sum()
    errors = two_hot_loss(logits[:-1], returns, networks.bins) + two_hot_loss(logits[:-1], slow_value, networks.bins)
    critic = (weight * errors).sum()
    return ActorCriticLoss(
        loss=actor + critic,
        actor=actor,
        critic=critic,
        entropy=(weight * entropy).sum(),
        extent=(weight * extent).sum(),
        value=value[0].mean(),
        reward=(weight * dream.reward).sum(),
        keeps=(weight * dream.keeps).sum(),
        scale=divisor,
        spread=spread,
    )
