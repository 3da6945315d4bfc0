"""Golden numbers of equations 1-3, and what the published implementations get wrong."""

import math

import pytest
import torch
from torch.nn.functional import log_softmax

from gwpipe.workspace import losses


def test_contrastive_golden_number() -> None:
    """Two orthogonal unit pairs: logits are the scale on the diagonal and 0 elsewhere, both ways."""
    x = torch.eye(2)
    matched = losses.contrastive({"v": x, "attr": x}, math.log(2)).item()
    swapped = losses.contrastive({"v": x, "attr": x.flip(0)}, math.log(2)).item()
    assert matched == pytest.approx(math.log(1 + math.exp(-2)))
    assert swapped == pytest.approx(math.log(1 + math.exp(2)))
    assert losses.contrastive({"v": x, "attr": x.flip(0)}).item() == pytest.approx(1 / 0.07, rel=1e-4)


def test_contrastive_is_the_mean_of_both_directions() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    logits = x / x.norm(dim=1, keepdim=True) @ (y / y.norm(dim=1, keepdim=True)).T * math.exp(0.3)
    forward = -log_softmax(logits, 1).diagonal().mean()
    back = -log_softmax(logits, 0).diagonal().mean()
    torch.testing.assert_close(losses.contrastive({"v": x, "attr": y}, 0.3), (forward + back) / 2)


def test_contrastive_ignores_length_and_caps_the_scale() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    torch.testing.assert_close(losses.contrastive({"v": 7 * x, "attr": y}), losses.contrastive({"v": x, "attr": y}))
    torch.testing.assert_close(
        losses.contrastive({"v": x, "attr": y}, 9.0), losses.contrastive({"v": x, "attr": y}, math.log(100))
    )


def test_contrastive_takes_every_pair_of_any_number_of_domains() -> None:
    torch.manual_seed(0)
    a, b, c = torch.randn(3, 4, 6)
    pairs = [losses.contrastive({"x": x, "y": y}) for x, y in ((a, b), (a, c), (b, c))]
    torch.testing.assert_close(losses.contrastive({"a": a, "b": b, "c": c}), torch.stack(pairs).mean())
    assert losses.contrastive({"a": a}).item() == 0


def test_squared_errors_are_means_over_entries_and_domains() -> None:
    u = {"v": torch.zeros(2, 2), "attr": torch.ones(2, 4)}
    decoded = {"v": torch.full((2, 2), 2.0), "attr": torch.zeros(2, 4)}
    assert losses.demi_cycle(decoded, u).item() == pytest.approx((4 + 1) / 2)
    assert losses.fusion(decoded, u).item() == pytest.approx((4 + 1) / 2)


def test_translations_are_compared_with_their_target_and_cycles_with_their_start() -> None:
    u = {"v": torch.zeros(2, 3), "attr": torch.ones(2, 4)}
    arrived = {("v", "attr"): torch.zeros(2, 4), ("attr", "v"): torch.full((2, 3), 3.0)}
    assert losses.translation(arrived, u).item() == pytest.approx((1 + 9) / 2)
    returned = {("v", "attr"): torch.full((2, 3), 3.0), ("attr", "v"): torch.zeros(2, 4)}
    assert losses.cycle(returned, u).item() == pytest.approx((9 + 1) / 2)


@pytest.mark.parametrize("one", [1, 1.0])
def test_total_is_the_sum_whatever_the_type_of_a_coefficient(one: float) -> None:
    """The published total is a mean, and drops integer coefficients."""
    found = {name: torch.tensor(value) for name, value in (("dcy", 1.0), ("cy", 2.0), ("tr", 4.0), ("cont", 8.0))}
    coefficients = {"dcy": one, "cy": one, "tr": one, "fusion": 0, "cont": 0.1}
    assert losses.total(found, coefficients).item() == pytest.approx(7.8)


def test_total_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no loss"):
        losses.total({}, {"dcy": 0})
    with pytest.raises(ValueError, match="cont"):
        losses.total({"dcy": torch.tensor(1.0)}, {"dcy": 1, "cont": 1})
