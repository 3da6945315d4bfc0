import pytest
import torch

from gwpipe.agents.two_hot import make_bins, symexp, symlog, two_hot_loss, two_hot_mean


def test_symlog_and_its_inverse() -> None:
    x = torch.tensor([-100.0, -1.0, 0.0, 0.5, 2000.0])
    torch.testing.assert_close(
        symlog(x), torch.tensor([-4.6151204, -0.6931472, 0.0, 0.4054651, 7.6014023]), rtol=1e-6, atol=1e-6
    )
    torch.testing.assert_close(symexp(symlog(x)), x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [255, 256])
def test_equal_logits_mean_exactly_zero(count: int) -> None:
    bins = make_bins(count, 20.0)
    assert bins.shape == (count,)
    assert (bins.diff() > 0).all()
    assert bins[-1].item() == pytest.approx(485165194.4, rel=1e-5)
    assert two_hot_mean(torch.zeros(3, count), bins).abs().max() == 0


def test_five_bins_by_hand() -> None:
    bins = make_bins(5, 2.0)
    torch.testing.assert_close(bins, torch.tensor([-6.3890561, -1.7182818, 0.0, 1.7182818, 6.3890561]))
    logits = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5])
    # 3 lies between 1.718 and 6.389: shares 0.72555 and 0.27445.
    expected = -(0.7255626 * logits.log_softmax(0)[3] + 0.2744374 * logits.log_softmax(0)[4])
    torch.testing.assert_close(two_hot_loss(logits, torch.tensor(3.0), bins), expected)


@pytest.mark.parametrize("target", [-7.0, -6.3890561, -2.5, 0.0, 1e-4, 1.7182818, 4.0, 6.3890561, 100.0])
def test_the_best_fit_has_the_targets_mean(target: float) -> None:
    """Descending the loss ends at a distribution whose mean is the target, clamped to the bins."""
    bins = make_bins(5, 2.0)
    logits = torch.zeros(5, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=0.2)
    for _ in range(400):
        optimiser.zero_grad()
        two_hot_loss(logits, torch.tensor(target), bins).backward()
        optimiser.step()
    clamped = min(max(target, bins[0].item()), bins[-1].item())
    assert two_hot_mean(logits, bins).item() == pytest.approx(clamped, abs=0.02)
