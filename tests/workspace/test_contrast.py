"""The shared exponentials are the two cross entropies, forward and backward."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from gwpipe.workspace.contrast import LARGEST_BOUND, cross_entropy_both_ways


def plainly(a: Tensor, b: Tensor) -> Tensor:
    logits, same = a @ b.T, torch.arange(len(a))
    return (cross_entropy(logits, same) + cross_entropy(logits.T, same)) / 2


def vectors(rows: int, scale: float, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    a, b = (torch.randn(rows, 6, generator=generator, dtype=dtype) for _ in range(2))
    return (scale * normalize(a, dim=-1)).requires_grad_(), normalize(b, dim=-1).requires_grad_()


@pytest.mark.parametrize("rows", [1, 5, 128, 300])
@pytest.mark.parametrize("scale", [1 / 0.07, LARGEST_BOUND, 100.0])
def test_loss_and_gradients_are_those_of_two_cross_entropies(rows: int, scale: float) -> None:
    """One strip, several, a last one that is short; the largest scale takes the other way."""
    a, b = vectors(rows, scale)
    ours, theirs = cross_entropy_both_ways(a, b, scale), plainly(a, b)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    for found, expected in zip(torch.autograd.grad(3 * ours, [a, b]), torch.autograd.grad(3 * theirs, [a, b])):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_gradients_are_the_differences() -> None:
    a, b = vectors(7, 2.0, torch.float64)
    assert torch.autograd.gradcheck(lambda a, b: cross_entropy_both_ways(a, b, 2.0), (a, b))


def test_nothing_overflows_at_the_largest_shared_scale() -> None:
    """All similarities at the bound, of either sign."""
    for sign in (1.0, -1.0):
        a = torch.full((2056, 1), sign * LARGEST_BOUND, requires_grad=True)
        b = torch.ones(2056, 1, requires_grad=True)
        loss = cross_entropy_both_ways(a, b, LARGEST_BOUND)
        assert loss.item() == pytest.approx(torch.log(torch.tensor(2056.0)).item(), rel=1e-4)
        assert all(torch.isfinite(g).all() for g in torch.autograd.grad(loss, [a, b]))
