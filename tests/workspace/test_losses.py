"""Golden numbers of equations 1-3, and what the published implementations get wrong."""

import math

import pytest
import torch
from torch.nn.functional import log_softmax

from gwpipe.workspace import losses
from gwpipe.workspace.losses import Route


def test_contrastive_golden_number() -> None:
    """Two orthogonal unit pairs: logits are the scale on the diagonal and 0 elsewhere, both ways."""
    x = torch.eye(2)
    matched = losses.contrastive([{"v": x, "attr": x}], math.log(2)).item()
    swapped = losses.contrastive([{"v": x, "attr": x.flip(0)}], math.log(2)).item()
    assert matched == pytest.approx(math.log(1 + math.exp(-2)))
    assert swapped == pytest.approx(math.log(1 + math.exp(2)))
    assert losses.contrastive([{"v": x, "attr": x.flip(0)}]).item() == pytest.approx(1 / 0.07, rel=1e-4)


def test_contrastive_is_the_mean_of_both_directions() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    logits = x / x.norm(dim=1, keepdim=True) @ (y / y.norm(dim=1, keepdim=True)).T * math.exp(0.3)
    forward = -log_softmax(logits, 1).diagonal().mean()
    back = -log_softmax(logits, 0).diagonal().mean()
    torch.testing.assert_close(losses.contrastive([{"v": x, "attr": y}], 0.3), (forward + back) / 2)


def test_contrastive_ignores_length_and_caps_the_scale() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    torch.testing.assert_close(losses.contrastive([{"v": 7 * x, "attr": y}]), losses.contrastive([{"v": x, "attr": y}]))
    for hot in (9.0, torch.tensor(9.0)):
        torch.testing.assert_close(
            losses.contrastive([{"v": x, "attr": y}], hot), losses.contrastive([{"v": x, "attr": y}], math.log(100))
        )


def test_contrastive_takes_every_pair_of_any_number_of_domains() -> None:
    """The published loss knows groups of exactly two."""
    torch.manual_seed(0)
    a, b, c = torch.randn(3, 4, 6)
    pairs = [losses.contrastive([{"x": x, "y": y}]) for x, y in ((a, b), (a, c), (b, c))]
    torch.testing.assert_close(losses.contrastive([{"a": a, "b": b, "c": c}]), torch.stack(pairs).mean())


def test_contrastive_is_the_mean_over_the_pairs_of_all_groups_and_0_without_any() -> None:
    """The published loss crashes where no group has two domains."""
    torch.manual_seed(0)
    a, b, c = torch.randn(3, 4, 6)
    groups = [{"a": a}, {"a": a, "b": b}, {"a": b, "b": c, "c": a}]
    pairs = [losses.contrastive([{"x": x, "y": y}]) for x, y in ((a, b), (b, c), (b, a), (c, a))]
    torch.testing.assert_close(losses.contrastive(groups), torch.stack(pairs).mean())
    assert losses.contrastive([{"a": a}]).item() == 0
    assert losses.contrastive([]).item() == 0


def test_a_learnt_temperature_gives_the_same_loss_and_a_gradient() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    learnt = torch.tensor(0.3, requires_grad=True)
    loss = losses.contrastive([{"v": x, "attr": y}], learnt)
    torch.testing.assert_close(loss, losses.contrastive([{"v": x, "attr": y}], 0.3))
    loss.backward()
    step = 1e-3
    above, below = (losses.contrastive([{"v": x, "attr": y}], 0.3 + s).item() for s in (step, -step))
    assert learnt.grad is not None
    assert learnt.grad.item() == pytest.approx((above - below) / (2 * step), rel=1e-2)


def test_hardest_negatives_golden_number() -> None:
    """Cosines by hand: x_0 is nearer to y_1 than to its own, and 0.2 is asked for on top."""
    x = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    y = torch.tensor([[0.6, 0.8], [0.8, 0.6]])
    # s = [[0.6, 0.8], [0.8, 0.6]]: every wrong partner is 0.2 nearer, so each of the four hinges is 0.4.
    assert losses.hardest_negatives([{"v": x, "attr": y}]).item() == pytest.approx(0.8)
    assert losses.hardest_negatives([{"v": x, "attr": x}]).item() == 0
    assert losses.hardest_negatives([{"v": x, "attr": x}], margin=1.5).item() == pytest.approx(2 * 0.5)


def test_hardest_negatives_are_those_of_the_definition() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.randn(5, 3)
    s = (x / x.norm(dim=1, keepdim=True)) @ (y / y.norm(dim=1, keepdim=True)).T
    hinges = []
    for i in range(5):
        others = [j for j in range(5) if j != i]
        for wrong in (max(s[i, j].item() for j in others), max(s[j, i].item() for j in others)):
            hinges.append(max(0.0, 0.2 + wrong - s[i, i].item()))
    assert losses.hardest_negatives([{"v": x, "attr": y}]).item() == pytest.approx(sum(hinges) / 5)


def test_hardest_negatives_have_the_gradient_of_their_differences() -> None:
    torch.manual_seed(1)
    x, y = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: losses.hardest_negatives([{"v": a, "attr": b}]), (x, y))


def test_hardest_negatives_of_several_domains_of_none_and_of_one_row() -> None:
    torch.manual_seed(0)
    a, b, c = torch.randn(3, 4, 6)
    pairs = [losses.hardest_negatives([{"x": x, "y": y}]) for x, y in ((a, b), (a, c), (b, c))]
    torch.testing.assert_close(losses.hardest_negatives([{"a": a, "b": b, "c": c}]), torch.stack(pairs).mean())
    assert losses.hardest_negatives([{"a": a}]).item() == 0
    single = torch.randn(1, 6, requires_grad=True)
    alone = losses.hardest_negatives([{"a": single, "b": b[:1]}])
    alone.backward()
    assert alone.item() == 0
    assert single.grad is not None
    assert single.grad.abs().sum() == 0


PAIR = ("v", "attr")
ALONE = ("v",)


def test_squared_errors_are_means_over_entries_and_routes() -> None:
    u = {PAIR: {"v": torch.zeros(2, 2), "attr": torch.ones(2, 4)}}
    arrived = {"v": torch.full((2, 2), 2.0), "attr": torch.zeros(2, 4)}
    assert losses.demi_cycle({Route(PAIR, (x,), x): arrived[x] for x in PAIR}, u).item() == pytest.approx((4 + 1) / 2)
    assert losses.fusion({Route(PAIR, PAIR, x): arrived[x] for x in PAIR}, u).item() == pytest.approx((4 + 1) / 2)


def test_translations_are_compared_with_their_target_and_cycles_with_their_start() -> None:
    u = {PAIR: {"v": torch.zeros(2, 3), "attr": torch.ones(2, 4)}}
    arrived = {
        Route(PAIR, ("v",), "attr"): torch.zeros(2, 4),
        Route(PAIR, ("attr",), "v"): torch.full((2, 3), 3.0),
    }
    assert losses.translation(arrived, u).item() == pytest.approx((1 + 9) / 2)
    returned = {Route(PAIR, ("v",), "v"): torch.full((2, 3), 3.0), Route(PAIR, ("attr",), "attr"): torch.zeros(2, 4)}
    assert losses.cycle(returned, u).item() == pytest.approx((9 + 1) / 2)


def test_each_arrival_counts_for_one_loss() -> None:
    u = {PAIR: {"v": torch.zeros(2, 1), "attr": torch.zeros(2, 1)}}
    every = {
        Route(PAIR, ("v",), "v"): torch.full((2, 1), 1.0),
        Route(PAIR, ("v",), "attr"): torch.full((2, 1), 2.0),
        Route(PAIR, ("attr",), "v"): torch.full((2, 1), 4.0),
        Route(PAIR, PAIR, "v"): torch.full((2, 1), 3.0),
    }
    assert losses.demi_cycle(every, u).item() == 1
    assert losses.translation(every, u).item() == pytest.approx((4 + 16) / 2)
    assert losses.fusion(every, u).item() == 9


def test_the_demi_cycle_of_an_unpaired_group_neither_overwrites_nor_counts_twice() -> None:
    """Published: keyed without the group's name, the pair's demi-cycle of v takes the place of the unpaired one."""
    u = {PAIR: {"v": torch.zeros(2, 1), "attr": torch.zeros(2, 1)}, ALONE: {"v": torch.zeros(2, 1)}}
    arrived = {
        Route(ALONE, ALONE, "v"): torch.full((2, 1), 1.0),
        Route(PAIR, ALONE, "v"): torch.full((2, 1), 2.0),
        Route(PAIR, ("attr",), "attr"): torch.full((2, 1), 3.0),
    }
    assert losses.demi_cycle(arrived, u).item() == pytest.approx((1 + 4 + 9) / 3)


def test_where_nothing_is_known_nothing_counts() -> None:
    u = {ALONE: {"v": torch.zeros(2, 1)}}
    assert losses.translation({Route(ALONE, ALONE, "attr"): torch.ones(2, 1)}, u).item() == 0
    assert losses.demi_cycle({}, u).item() == 0


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
