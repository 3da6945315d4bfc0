"""DreamerV3's layers, image networks, RSSM and losses on their own."""

import math

import pytest
import torch
from torch.nn.functional import rms_norm, silu

from gwpipe.agents import dreamer_v3_images
from gwpipe.agents.dreamer_v3_images import ImageDecoder, ImageEncoder, channels
from gwpipe.agents.dreamer_v3_layers import BlockLinear, ChannelNormSiLU, NormSiLU, linear
from gwpipe.agents.dreamer_v3_losses import balanced_kl, replay_return
from gwpipe.agents.dreamer_v3_rssm import RSSM, Latent, log_probabilities, straight_through
from gwpipe.errors import UserError
from gwpipe.settings.dreamer_v3 import ImageNet


def test_block_linear_is_a_block_diagonal_matrix() -> None:
    torch.manual_seed(0)
    layer = BlockLinear(24, 16)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(5, 3, 24)
    expected = x @ torch.block_diag(*layer.weight) + layer.bias.flatten()
    torch.testing.assert_close(layer(x), expected)


def test_fused_norm_is_rms_norm_and_silu() -> None:
    torch.manual_seed(0)
    layer = NormSiLU(7).double()
    torch.nn.init.normal_(layer.weight)
    x = torch.randn(3, 2, 7, dtype=torch.float64, requires_grad=True)
    expected = silu(rms_norm(x, (7,), layer.weight, eps=1e-4))
    torch.testing.assert_close(layer(x), expected)
    assert torch.autograd.gradcheck(layer, x)
    ours, theirs = (torch.autograd.grad(y.square().sum(), layer.weight)[0] for y in (layer(x), expected))
    torch.testing.assert_close(ours, theirs)


def test_channel_norm_works_on_every_pixel() -> None:
    torch.manual_seed(0)
    layer, x = ChannelNormSiLU(6), torch.randn(2, 6, 3, 3)
    torch.testing.assert_close(layer(x)[1, :, 2, 0], NormSiLU(6)(x[1, :, 2, 0]))


@pytest.mark.parametrize("kind", ["strided", "pooled"])
def test_images_in_several_parts_are_as_images_at_once(kind: ImageNet, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    image = torch.randint(256, (5, 3, 16, 16), dtype=torch.uint8)
    encoder, decoder = ImageEncoder(kind, 8, 16), ImageDecoder(kind, 8, 16, deter=16, stoch=12, units=8)
    deter, stoch = torch.randn(5, 16), torch.randn(5, 12)
    made = []
    for at_once in (128, 2):
        monkeypatch.setattr(dreamer_v3_images, "at_once", lambda device, n=at_once: n)
        made.append((encoder(image), decoder.error(deter, stoch, image)))
    torch.testing.assert_close(*made)
    whole = (decoder(deter, stoch) - image / 255).square().sum((1, 2, 3))
    torch.testing.assert_close(made[0][1], whole)


def test_initial_weights_have_the_intended_spread() -> None:
    torch.manual_seed(0)
    layer = linear(400, 500)
    assert layer.weight.std().item() == pytest.approx(1 / 20, rel=0.01)
    assert layer.weight.abs().max().item() <= 2 * 1.1368 / 20
    assert layer.bias.abs().max().item() == 0
    assert linear(4, 4, scale=0).weight.abs().max().item() == 0


@pytest.mark.parametrize("kind", ["strided", "pooled"])
@pytest.mark.parametrize("resolution", [8, 32, 64])
def test_image_networks_return_to_the_image(kind: ImageNet, resolution: int) -> None:
    torch.manual_seed(0)
    encoder = ImageEncoder(kind, 8, resolution)
    code = encoder(torch.randint(256, (2, 3, resolution, resolution), dtype=torch.uint8))
    assert code.shape == (2, encoder.width)
    decoder = ImageDecoder(kind, 8, resolution, deter=16, stoch=12, units=8)
    image = decoder(torch.randn(2, 16), torch.randn(2, 12))
    assert image.shape == (2, 3, resolution, resolution)
    assert 0 <= image.min() < image.max() <= 1


def test_stages_of_the_image_networks() -> None:
    assert channels("strided", 16, 64) == [16, 32, 48, 64, 64]
    assert channels("strided", 16, 32) == [16, 32, 48, 64]
    assert channels("pooled", 16, 64) == [32, 48, 64, 64]
    assert channels("pooled", 16, 32) == [32, 48, 64]


@pytest.mark.parametrize("resolution", [0, 4, 48, 128])
def test_unreadable_resolution_is_refused_in_one_line(resolution: int) -> None:
    with pytest.raises(UserError, match=f"{resolution} pixels across"):
        channels("pooled", 16, resolution)


def test_depth_that_no_block_can_share_is_refused_in_one_line() -> None:
    assert channels("strided", 4, 32)[-1] == 16
    with pytest.raises(UserError, match="depth of 4 does not fit 16 pixels"):
        channels("strided", 4, 16)


def test_update_gate_starts_nearly_closed() -> None:
    torch.manual_seed(0)
    rssm = RSSM(deter=16, hidden=8, classes=4, tokens=6, actions=2)
    torch.nn.init.zeros_(rssm.gates.weight)
    latent = Latent(torch.randn(3, 16), torch.zeros(3, 32, 4))
    # With all gates at zero the candidate is tanh(0) and the update gate sigmoid(-1)
    kept = 1 - 1 / (1 + math.e)
    torch.testing.assert_close(rssm.core(latent, rssm.actions(torch.zeros(3, 2)), rssm.mixing()), kept * latent.deter)


def test_actions_beyond_one_are_brought_back() -> None:
    torch.manual_seed(0)
    rssm = RSSM(deter=16, hidden=8, classes=4, tokens=6, actions=2)
    far, near = torch.tensor([[5.0, -0.5]]).expand(3, 2), torch.tensor([[1.0, -0.5]]).expand(3, 2)
    assert torch.equal(rssm.actions(far), rssm.actions(near))
    assert not torch.equal(rssm.actions(far), rssm.actions(-near))


def test_unimix_keeps_every_class_possible() -> None:
    probabilities = log_probabilities(torch.tensor([100.0, 0.0, 0.0, 0.0])).exp()
    torch.testing.assert_close(probabilities, torch.tensor([0.9925, 0.0025, 0.0025, 0.0025]))


def test_straight_through_samples_the_distribution_and_passes_its_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    log_probs = torch.tensor([0.7, 0.2, 0.1]).log().requires_grad_()
    noise = -torch.empty(20_000, 3).exponential_(generator=generator).log()
    sample = straight_through(log_probs.expand(20_000, 3), noise)
    torch.testing.assert_close(sample.mean(0), torch.tensor([0.7, 0.2, 0.1]), atol=0.01, rtol=0)
    sample[0, 1].backward()
    torch.testing.assert_close(log_probs.grad, torch.tensor([0.0, 0.2, 0.0]))


def test_kl_is_summed_before_the_free_nat_and_balanced_by_gradients() -> None:
    posterior = torch.tensor([[[0.9, 0.1]], [[0.5, 0.5]]]).log().expand(2, 32, 2).clone().requires_grad_()
    prior = torch.tensor([[[0.5, 0.5]], [[0.5, 0.5]]]).log().expand(2, 32, 2).clone().requires_grad_()
    dynamics, representation = balanced_kl(posterior, prior)
    expected = 32 * (0.9 * math.log(1.8) + 0.1 * math.log(0.2))
    torch.testing.assert_close(dynamics, torch.tensor([expected, 1.0]))
    torch.testing.assert_close(representation, dynamics)
    dynamics.sum().backward()
    assert posterior.grad is None
    assert prior.grad is not None
    assert prior.grad[1].abs().sum() == 0


def test_replay_return_by_hand() -> None:
    reward = torch.tensor([[9.0, 1.0, 2.0, 3.0]])
    value = torch.tensor([[9.0, 10.0, 20.0, 30.0]])
    no = torch.zeros(1, 4, dtype=torch.bool)
    returns = replay_return(reward, no, no, value, discount=0.5, lam=0.8)
    last = 3 + 0.5 * 30
    middle = 2 + 0.5 * (0.2 * 20 + 0.8 * last)
    first = 1 + 0.5 * (0.2 * 10 + 0.8 * middle)
    torch.testing.assert_close(returns, torch.tensor([[first, middle, last]]))


def test_replay_return_stops_at_ends_of_episodes() -> None:
    reward, value = torch.ones(1, 4), torch.full((1, 4), 10.0)
    ends = torch.tensor([[False, False, True, False]])
    cut_off = replay_return(reward, ends, torch.zeros_like(ends), value, discount=0.5, lam=0.8)
    assert cut_off[0, 1] == 1 + 0.5 * 10
    terminated = replay_return(reward, ends, ends, value, discount=0.5, lam=0.8)
    assert terminated[0, 1] == 1
