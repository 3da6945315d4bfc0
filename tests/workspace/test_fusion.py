import math

import pytest
import torch

from gwpipe.errors import UserError
from gwpipe.workspace.fusion import Weights, equal_weights, fuse, random_weights


def test_fusion_golden_number() -> None:
    pre = {"v": torch.tensor([[1.0, -2.0]]), "attr": torch.tensor([[3.0, 0.0]])}
    expected = torch.tensor([[math.tanh(0.25 + 2.25), math.tanh(-0.5)]])
    torch.testing.assert_close(fuse(pre, {"v": 0.25, "attr": 0.75}), expected)
    torch.testing.assert_close(fuse(pre, {"v": 1.0}), torch.tanh(pre["v"]))


def test_weights_may_differ_by_row() -> None:
    pre = {"v": torch.ones(2, 3), "attr": -torch.ones(2, 3)}
    z = fuse(pre, {"v": torch.tensor([[1.0], [0.5]]), "attr": torch.tensor([[0.0], [0.5]])})
    torch.testing.assert_close(z, torch.tensor([[math.tanh(1)] * 3, [0.0] * 3]))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "no domain of v, attr has a weight"),
        ({"v": 0.5, "atr": 0.5}, "'atr'.*did you mean 'attr'"),
        ({"v": torch.ones(3), "attr": 1.0}, r"'v' must be a number, \(3, 1\).*\(3, 3\).*are \(3,\)"),
        ({"v": 1.0, "attr": torch.ones(1, 3)}, r"'attr'.*are \(1, 3\)"),
        ({"v": torch.ones(6, 1)}, r"'v'.*are \(6, 1\)"),
    ],
)
def test_impossible_fusions_are_refused(weights: Weights, message: str) -> None:
    """Weights (B,) with B = dim would be one an entry, and weights of other rows would make rows."""
    with pytest.raises(UserError, match=message):
        fuse({"v": torch.ones(3, 3), "attr": torch.ones(3, 3)}, weights)


def test_a_row_alone_is_not_fused_with_many() -> None:
    with pytest.raises(UserError, match=r"'v': \(6, 3\), 'attr': \(1, 3\)"):
        fuse({"v": torch.ones(6, 3), "attr": torch.ones(1, 3)}, {"v": 0.5, "attr": 0.5})


def test_a_weight_may_be_a_tensor_of_one_number() -> None:
    pre = {"v": torch.ones(2, 3)}
    torch.testing.assert_close(fuse(pre, {"v": torch.tensor(0.5)}), fuse(pre, {"v": 0.5}))


def test_equal_weights_sum_to_one() -> None:
    assert equal_weights({"a": 3, "b": 4, "c": 5}) == dict.fromkeys("abc", 1 / 3)


def test_random_weights_are_distributed_as_published() -> None:
    """softmax(U / 0.2) of two domains: mean 0.5, standard deviation 0.324, 32 % of draws with a weight above 0.9."""
    uniform = torch.rand(200_000, 2, generator=torch.Generator().manual_seed(0))
    weights = random_weights(uniform, 0.2)
    torch.testing.assert_close(weights.sum(1), torch.ones(len(weights)))
    assert weights[:, 0].mean().item() == pytest.approx(0.5, abs=0.005)
    assert weights[:, 0].std().item() == pytest.approx(0.324, abs=0.005)
    assert (weights.max(1).values > 0.9).float().mean().item() == pytest.approx(0.32, abs=0.01)


def test_random_weights_golden_number_and_a_domain_alone() -> None:
    expected = 1 / (1 + math.exp((0.3 - 0.7) / 0.2))
    assert random_weights(torch.tensor([[0.7, 0.3]]), 0.2)[0, 0].item() == pytest.approx(expected)
    assert random_weights(torch.tensor([[0.7]]), 0.2).item() == 1
