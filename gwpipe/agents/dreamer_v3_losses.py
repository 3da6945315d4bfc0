"""DreamerV3's losses as pure functions; every one returns one value a row or a step, unreduced."""

import torch
from torch import Tensor

FREE_NATS = 1.0


def balanced_kl(posterior: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
    """Dynamics and representation loss: KL(sg(post) ‖ prior) and KL(post ‖ sg(prior)), one nat free in each.

    Args:
        posterior, prior: (..., variables, classes), log-probabilities.

    Returns:
        Two of (...,): summed over the variables before the free nat is taken off.
    """

    def divergence(left: Tensor, right: Tensor) -> Tensor:
        return (left.exp() * (left - right)).sum((-2, -1)).clamp(min=FREE_NATS)

    return divergence(posterior.detach(), prior), divergence(posterior, prior.detach())


def replay_return(
    reward: Tensor, is_last: Tensor, is_terminal: Tensor, value: Tensor, discount: float, lam: float
) -> Tensor:
    """λ-returns along recorded rows, bootstrapped where an episode is cut off and not where it terminates.

    R_t = r_{t+1} + γ c_{t+1} ((1-λ_{t+1}) v_{t+1} + λ_{t+1} R_{t+1}) with R of the last row = v; λ_{t+1} is 0 where
    row t+1 ends an episode.

    Args:
        reward, is_last, is_terminal, value: (B, T) of rows 0 to T-1; `value` is the estimate that bootstraps.

    Returns:
        (B, T-1), the returns of rows 0 to T-2; one whose row is an episode's last has no meaning.
    """
    goes_on = discount * (1 - is_terminal.to(reward.dtype))
    trusted = lam * (1 - is_last.to(reward.dtype))
    following, returns = value[:, -1], []
    for t in reversed(range(1, reward.shape[1])):
        mixed = (1 - trusted[:, t]) * value[:, t] + trusted[:, t] * following
        following = reward[:, t] + goes_on[:, t] * mixed
        returns.append(following)
    return torch.stack(returns[::-1], 1)
