"""Fusion of pre-workspace representations, and the plain weights it is done with."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Weights = Mapping[str, float | Tensor]
"""Domain → α: a number; (B, 1), one a row; or (B, dim), one a row and entry of the workspace."""


def fuse(pre: Mapping[str, Tensor], weights: Weights, activation: Callable[[Tensor], Tensor] = torch.tanh) -> Tensor:
    """z = tanh(Σ α_d z_d), (B, dim) in [−1, 1] (Sect. II-A), or another `activation` of the sum.

    pre: domain → encoder output z_d (B, dim), before any activation. weights: domain → α_d; domains that are not named
    do not take part. Sums to 1 by convention, which is not enforced.

    Raises:
        ValueError: no domain takes part, or a weight names a domain that `pre` has not.
    """
    missing = set(weights) - set(pre)
    if missing or not weights:
        raise ValueError(f"cannot fuse {sorted(pre)} with weights for {sorted(weights)}")
    first, *rest = (weight * pre[name] for name, weight in weights.items())
    return activation(sum(rest, start=first))


def equal_weights(domains: Mapping[str, object]) -> dict[str, float]:
    """The weights agents use: 1/n for each domain."""
    return {name: 1 / len(domains) for name in domains}


def random_weights(uniform: Tensor, temperature: float) -> Tensor:
    """Random fusion weights of a batch: softmax(U / T) over the domains (ruflab's published code; T = 0.2).

    uniform: (B, n) drawn uniformly from [0, 1). Returns (B, n), positive, each row summing to 1.
    """
    return torch.softmax(uniform / temperature, dim=-1)
