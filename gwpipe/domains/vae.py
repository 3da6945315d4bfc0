"""What one update of a domain minimises: the β-VAE's loss (Appendix A-B), or a decoder's on frozen latents.

Pure functions; they also run on the meta device.
"""

from typing import Literal

import torch
from torch import Tensor

from gwpipe.domains.domain import VAE, Domain


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) ‖ N(0, 1)) of (B, latent): summed over the latent, mean over the batch."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1).mean()


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A sample of q(u | x) from standard normal `noise`; all (B, latent)."""
    return mean + torch.exp(0.5 * log_variance) * noise


def beta_vae_loss(
    domain: VAE, x: Tensor, noise: Tensor, beta: float, precision: Literal["fp32", "bf16"] = "fp32"
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of one batch and its parts.

    x: (B, …) as `domain.inputs` gives it; noise: (B, latent), standard normal. Reconstruction (Gaussian with σ = 1,
    class by cross entropy) summed over an observation's entries + β · KL summed over the latent; mean over the batch.
    With bf16 the networks run under autocast, the losses in float32.
    """
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bf16"):
        mean, log_variance = domain.posterior(x)
    mean, log_variance = mean.float(), log_variance.float()
    u = reparameterise(mean, log_variance, noise)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bf16"):
        decoded = domain.decode(u)
    reconstruction = domain.reconstruction_loss(decoded, x)
    kl = kl_to_standard_normal(mean, log_variance)
    loss = reconstruction + beta * kl
    return loss, {"loss": loss.detach(), "reconstruction": reconstruction.detach(), "kl": kl.detach()}


def decoder_loss(
    domain: Domain, x: Tensor, u: Tensor, precision: Literal["fp32", "bf16"] = "fp32"
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of one batch where the encoder is frozen, and its parts: reconstruction of x (B, …) from u (B, latent)."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bf16"):
        decoded = domain.decode(u)
    reconstruction = domain.reconstruction_loss(decoded, x)
    return reconstruction, {"loss": reconstruction.detach(), "reconstruction": reconstruction.detach()}
