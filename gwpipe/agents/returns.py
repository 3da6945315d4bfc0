"""λ-returns of imagined steps, and the scale by which their advantages are divided (DreamerV3)."""

from typing import NamedTuple

import torch
from torch import Tensor


def lambda_return(reward: Tensor, keeps: Tensor, value: Tensor, discount: float, lam: float) -> Tensor:
    """R_t = r_{t+1} + γ c_{t+1} ((1-λ) v_{t+1} + λ R_{t+1}), with R_H = v_H.

    Args:
        reward: (H, ...), `reward[t]` is received on arriving at state t+1.
        keeps: (H, ...), `keeps[t]` is the probability that state t+1 is not terminal.
        value: (H+1, ...), of states 0 to H.

    Returns:
        (H, ...), the returns of states 0 to H-1.
    """
    discounted = discount * keeps
    base = reward + discounted * (1 - lam) * value[1:]
    result = torch.empty_like(reward)
    following = value[-1]
    for t in reversed(range(reward.shape[0])):
        following = base[t] + lam * discounted[t] * following
        result[t] = following
    return result


def survival(first: Tensor, keeps: Tensor, discount: float) -> Tensor:
    """(H, ...) weight of states 0 to H-1: discounted probability that the episode still goes on *at* the state.

    The action's own consequence is not in its weight: `weight[t]` ends with the flag of state t.

    Args:
        first: (...), 1 where the start state is not terminal (a recorded fact, no prediction).
        keeps: (H, ...), probability that state t+1 is not terminal.
    """
    return torch.cat([first.unsqueeze(0), discount * keeps[:-1]]).cumprod(0)


class Spread(NamedTuple):
    """Moving percentiles: `low`, `high` are sums that `mass` debiases; all are scalars, zero at first."""

    low: Tensor
    high: Tensor
    mass: Tensor


def no_spread(device: str | torch.device | None = None) -> Spread:
    """The spread before the first batch."""
    return Spread(*torch.zeros(3, device=device).unbind())


def update_spread(spread: Spread, values: Tensor, rate: float, share: float = 0.05) -> Spread:
    """Move towards the `share` and 1 - `share` quantiles of `values`; the first batch counts in full."""
    at = torch.tensor([share, 1 - share], device=values.device, dtype=values.dtype)
    low, high = torch.quantile(values.flatten(), at).unbind()
    keep = 1 - rate
    return Spread(keep * spread.low + rate * low, keep * spread.high + rate * high, keep * spread.mass + rate)


def scale(spread: Spread, floor: float) -> Tensor:
    """Scalar max(floor, high - low): never below `floor`, so that noise is not blown up."""
    return ((spread.high - spread.low) / spread.mass).clamp(min=floor)
