"""Cross entropy of a square of similarities, along its rows and along its columns, computed once.

The square is the largest thing in a training step: 2,056 × 2,056 numbers, beside networks of 64 units. One after the
other, the two cross entropies walk over it about twenty times, exponentials and gradients included. Here one matrix of
exponentials serves both directions, and it is walked through in strips that stay in a processor's cache.
"""

from typing import Any

import torch
from torch import Tensor

LARGEST_BOUND = 40.0
"""Up to this size of the similarities e^x and sums of it stay well inside of float32, so no maximum is subtracted."""
_STRIP = 128
"""Rows of a strip: 1 MB of float32 at 2,056 columns."""


def cross_entropy_both_ways(a: Tensor, b: Tensor, bound: float) -> Tensor:
    """Mean of the cross entropies that find b_i for a_i among all b, and a_i for b_i among all a.

    a, b: (B, dim); the similarities a bᵀ are the logits; of a stack, (B, members, dim), the mean over its members.
    bound: no logit is larger than this in size, known beforehand
    (for unit vectors it is the scale). Where it is small enough the exponentials are shared, else each direction takes
    its own log-sum-exp.
    """
    if a.dim() == 3:
        return torch.stack([cross_entropy_both_ways(x, y, bound) for x, y in zip(a.unbind(1), b.unbind(1))]).mean()
    if bound <= LARGEST_BOUND:
        loss: Tensor = _SharedExponentials.apply(a, b)
        return loss
    logits = a @ b.T
    return (logits.logsumexp(1).mean() + logits.logsumexp(0).mean()) / 2 - logits.diagonal().mean()


class _SharedExponentials(torch.autograd.Function):
    """With E = exp(a bᵀ), row sums r and column sums c the loss is mean(log r + log c)/2 − mean(diag(a bᵀ)).

    Its gradient by logit (i, j) is (E_ij (1/r_i + 1/c_j)/2 − [i = j]) / B: no softmax is ever stored.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        exponentials = a.new_empty(len(a), len(b))
        rows, columns = a.new_empty(len(a)), b.new_zeros(len(b))
        for start in range(0, len(a), _STRIP):
            strip = exponentials[start : start + _STRIP]
            torch.mm(a[start : start + _STRIP], b.T, out=strip)
            torch.sum(strip.exp_(), 1, out=rows[start : start + _STRIP])
            columns += strip.sum(0)
        ctx.save_for_backward(a, b, exponentials, rows, columns)
        return (rows.log().mean() + columns.log().mean()) / 2 - (a * b).sum(1).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        a, b, exponentials, rows, columns = ctx.saved_tensors
        by_row, by_column = 0.5 / rows.unsqueeze(1), 0.5 / columns
        towards_a, towards_b = torch.empty_like(a), a.neg().T.contiguous()  # (B, dim), (dim, B)
        room = a.new_empty(min(_STRIP, len(a)), len(b))
        for start in range(0, len(a), _STRIP):
            here = slice(start, start + _STRIP)
            strip = exponentials[here]
            pull = torch.add(by_row[here], by_column, out=room[: len(strip)]).mul_(strip)
            torch.addmm(b[here], pull, b, beta=-1, out=towards_a[here])
            torch.addmm(towards_b, a[here].T, pull, out=towards_b)
        share = gradient / len(a)
        return towards_a * share, towards_b.T * share
