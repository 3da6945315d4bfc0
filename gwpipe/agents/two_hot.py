"""A number as a distribution over bins: two neighbouring bins share it (DreamerV3's symexp two-hot)."""

import torch
from torch import Tensor


def symlog(x: Tensor) -> Tensor:
    """sign(x)·ln(1 + |x|)."""
    return x.sign() * x.abs().log1p()


def symexp(x: Tensor) -> Tensor:
    """Inverse of `symlog`."""
    return x.sign() * x.abs().expm1()


def make_bins(count: int, limit: float, device: str | torch.device | None = None) -> Tensor:
    """(count,) increasing bin centres from -(e^limit - 1) to e^limit - 1, evenly spaced under `symlog`.

    The negative half mirrors the positive one bit by bit, so that equal logits have a mean of exactly zero.
    """
    upper = symexp(torch.linspace(-limit, limit, count, device=device)[(count + 1) // 2 :])
    middle = torch.zeros(count % 2, device=device)
    return torch.cat([-upper.flip(0), middle, upper])


def two_hot_mean(logits: Tensor, bins: Tensor) -> Tensor:
    """(...,) mean of softmax(logits (..., n)) over `bins` (n,), each bin added to its mirror image first."""
    weighted = logits.softmax(-1) * bins
    half = bins.shape[0] // 2
    middle = weighted[..., half : bins.shape[0] - half].sum(-1)
    return (weighted[..., :half].flip(-1) + weighted[..., bins.shape[0] - half :]).sum(-1) + middle


def two_hot_loss(logits: Tensor, target: Tensor, bins: Tensor) -> Tensor:
    """(...,) cross entropy of `logits` (..., n) to the two-hot code of `target` (...,).

    Target between bins b and b' weighs them (b' - target) and (target - b) over (b' - b); beyond the last bins it is
    clamped. The code itself is never made.
    """
    return cross_entropy(logits.log_softmax(-1), target, bins)


def cross_entropy(log_probs: Tensor, target: Tensor, bins: Tensor) -> Tensor:
    """`two_hot_loss` of log-probabilities, for several targets of the same prediction."""
    target = target.clamp(bins[0], bins[-1])
    above = torch.bucketize(target, bins).clamp(1, bins.shape[0] - 1)
    below = above - 1
    share = (target - bins[below]) / (bins[above] - bins[below])
    lower = log_probs.gather(-1, below.unsqueeze(-1)).squeeze(-1)
    upper = log_probs.gather(-1, above.unsqueeze(-1)).squeeze(-1)
    return -((1 - share) * lower + share * upper)
