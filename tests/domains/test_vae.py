import math

import pytest
import torch

from gwpipe.domains.attributes import VectorAttributesVAE
from gwpipe.domains.vae import beta_vae_loss, kl_to_standard_normal, reparameterise


def test_kl_golden_numbers() -> None:
    """KL(N(μ, σ²) ‖ N(0, 1)) = (μ² + σ² − 1 − ln σ²)/2, summed over the latent, mean over the batch."""
    assert kl_to_standard_normal(torch.zeros(3, 2), torch.zeros(3, 2)).item() == 0
    mean = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    log_variance = torch.tensor([[0.0, math.log(4)], [0.0, 0.0]])
    expected = (0.5 + 0.5 * (4 - 1 - math.log(4)) + 2.0) / 2
    assert kl_to_standard_normal(mean, log_variance).item() == pytest.approx(expected)


def test_samples_have_the_posterior_s_mean_and_spread() -> None:
    mean, log_variance = torch.tensor([[2.0]]), torch.tensor([[math.log(9)]])
    assert reparameterise(mean, log_variance, torch.tensor([[0.5]])).item() == pytest.approx(3.5)


def test_loss_is_reconstruction_plus_beta_kl() -> None:
    torch.manual_seed(0)
    vae = VectorAttributesVAE(6, 3, 0.1)
    x, noise = torch.randn(4, 6), torch.randn(4, 3)
    mean, log_variance = vae.posterior(x)
    decoded = vae.decode(mean + (log_variance / 2).exp() * noise)
    reconstruction = ((decoded - x) ** 2).sum() / 2 / 4
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum() / 4
    loss, parts = beta_vae_loss(vae, x, noise, 0.3)
    torch.testing.assert_close(loss, reconstruction + 0.3 * kl)
    torch.testing.assert_close(parts["kl"], kl.detach())


def test_bf16_is_near_full_precision() -> None:
    torch.manual_seed(0)
    vae = VectorAttributesVAE(6, 3, 0.1)
    x, noise = torch.randn(8, 6), torch.randn(8, 3)
    full, _ = beta_vae_loss(vae, x, noise, 0.1)
    half, _ = beta_vae_loss(vae, x, noise, 0.1, "bf16")
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=0.02)
    assert half.item() != full.item()
