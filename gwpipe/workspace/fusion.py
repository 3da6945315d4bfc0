"""Fusion of pre-workspace representations, and the plain weights it is done with."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from gwpipe.errors import UserError, nearest

Weights = Mapping[str, float | Tensor]
"""Domain → α: a number; (B, 1), one a row; or (B, dim), one a row and entry of the workspace."""


def fuse(pre: Mapping[str, Tensor], weights: Weights, activation: Callable[[Tensor], Tensor] = torch.tanh) -> Tensor:
    """z = tanh(Σ α_d z_d), (B, dim) in [−1, 1] (Sect. II-A), or another `activation` of the sum.

    pre: domain → encoder output z_d (B, dim), before any activation. weights: domain → α_d; domains that are not named
    do not take part. Sums to 1 by convention, which is not enforced.

    Raises:
        UserError: no domain takes part, a weight is of a domain that `pre` has not, the domains differ in their rows,
            or weights have another shape than `Weights` allows.
    """
    _check(pre, weights)
    first, *rest = (weight * pre[name] for name, weight in weights.items())
    return activation(sum(rest, start=first))


def _check(pre: Mapping[str, Tensor], weights: Weights) -> None:
    """Refuse what torch would broadcast without a word."""
    if not weights:
        raise UserError(f"nothing to fuse: no domain of {', '.join(pre) or 'none'} has a weight")
    shape: torch.Size | None = None
    for name, weight in weights.items():
        if name not in pre:
            raise UserError(f"there is a weight of '{name}', but no latents of it{nearest(name, pre)}")
        shape = pre[name].shape if shape is None else shape
        if pre[name].shape != shape:
            rows = {name: tuple(pre[name].shape) for name in weights if name in pre}
            raise UserError(f"domains are fused row by row, but their representations differ in shape: {rows}")
        if isinstance(weight, Tensor) and weight.dim() and weight.shape not in (shape, (*shape[:-1], 1)):
            allowed = f"{(*shape[:-1], 1)}, one a row, or {tuple(shape)}, one a row and entry"
            raise UserError(f"weights of '{name}' must be a number, {allowed}, but are {tuple(weight.shape)}")


def equal_weights(domains: Mapping[str, object]) -> dict[str, float]:
    """The weights agents use: 1/n for each domain."""
    return {name: 1 / len(domains) for name in domains}


def random_weights(uniform: Tensor, temperature: float) -> Tensor:
    """Random fusion weights of a batch: softmax(U / T) over the domains (ruflab's published code; T = 0.2).

    uniform: (B, n) drawn uniformly from [0, 1). Returns (B, n), positive, each row summing to 1.
    """
    return torch.softmax(uniform / temperature, dim=-1)
