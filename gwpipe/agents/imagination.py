"""Dreaming: the world model runs on its own predictions while the actor chooses."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gwpipe.agents.frozen import frozen
from gwpipe.agents.policies import Policy
from gwpipe.agents.timing import ActorReads, actor_input
from gwpipe.agents.world_model import WorldModel


class Dream(NamedTuple):
    """States 0 to H, actions and consequences of steps 0 to H-1, for N starts."""

    seen: Tensor
    """(H+1, N, S), what actor and critic read of each state."""
    action: Tensor
    """(H, N, A), chosen at states 0 to H-1."""
    reward: Tensor
    """(H, N), `reward[k]` on arriving at state k+1."""
    keeps: Tensor
    """(H, N), probability that state k+1 is not terminal."""


def imagine(
    model: WorldModel,
    actor: nn.Module,
    policy: Policy,
    h: Tensor,
    z: Tensor,
    noise: Tensor,
    reads: ActorReads,
    differentiable: bool = False,
) -> Dream:
    """Dream one trajectory from each start.

    Args:
        h, z: (N, H), (N, Z), the starts; no observation is given after them (Sect. II-C).
        noise: (H, N, A), the policy's noise; its length is the number of imagined steps.
        differentiable: let all that is dreamt carry a gradient to the actor, from each action through the model, which
            itself gets none. What the actor reads is cut off: an action answers for what it leads to, and not for how
            the actor will respond to that (DreamerV2). By default nothing carries a gradient.
    """
    hs, zs, actions = [h], [z], []
    with frozen(model, differentiable=differentiable):
        for draw in noise.unbind(0):
            action = policy.sample(actor(actor_input(h, z, reads).detach()), draw)
            h = model.step(h, z, action)
            z = model.dream_z(h, z)
            actions.append(action)
            hs.append(h)
            zs.append(z)
        all_h, all_z = torch.stack(hs), torch.stack(zs)
        # Nothing in the dream depends on reward and done, so their heads run once on all steps.
        reward = model.predict_reward(all_h[1:], all_z[1:])
        keeps = 1 - model.predict_done(all_h[1:], all_z[1:])
    return Dream(actor_input(all_h, all_z, reads), torch.stack(actions), reward, keeps)
