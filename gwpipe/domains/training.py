"""Training of one domain from observations in memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.batches import Batches
from gwpipe.domains.domain import VAE, Domain
from gwpipe.domains.fit import Run, fit
from gwpipe.domains.vae import beta_vae_loss, decoder_loss
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import VAESettings

_MEASURED_ROWS = 4096
"""At most this many rows of each part are measured after training."""
_ROWS_AT_ONCE = 256
"""Rows that a frozen encoder takes in one pass."""

Losses = Callable[[npt.NDArray[Any], Tensor], tuple[Tensor, dict[str, Tensor]]]
"""(row numbers, noise) → loss of these rows and its parts."""


def train_vae(
    domain: Domain,
    train: npt.NDArray[Any],
    held_out: npt.NDArray[Any],
    settings: VAESettings,
    run: Run,
) -> dict[str, float]:
    """Train `domain`, as it was initialised, in place.

    A `VAE` is trained as a β-VAE. Of any other domain the encoder is taken as it is and the decoder is trained on its
    latents; where there is nothing to train, `fit_to` is all that happens.

    train, held_out: observations (N, …) as the environment gives them, kept in memory. Returns the loss and its parts
    after training, in evaluation mode, on training and held-out rows (`train_loss`, `held_out_kl`, …); nothing where
    the domain cannot decode.

    Raises:
        UserError: the checkpoint is damaged or another run's.
    """
    rows = domain.prepare(train)
    domain.fit_to(rows)
    # Convolutions on a CPU are a good deal faster with the channels last in memory; nothing else is touched by it.
    domain.to(run.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not domain.can_decode:
        domain.eval()
        return {}
    batches = Batches(len(rows), settings.optimisation.batch_size, derive("vae batches", run.seed))
    losses = _losses(domain, rows, settings)

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        domain.schedule(step / settings.optimisation.steps)
        chosen = batches(step)
        noise = _noise(len(chosen), domain.latent, "vae noise", run.seed, step).to(run.device)
        # What a module draws itself (dropout) follows the step too, so that a resumed run draws the same.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive("domain's own draws", run.seed, step))
            return losses(chosen, noise)

    if any(p.requires_grad for p in domain.parameters()):
        fit(domain, loss_of, settings.optimisation, run)
    return {
        f"{part}_{name}": value
        for part, measured in (("train", rows), ("held_out", domain.prepare(held_out[:_MEASURED_ROWS])))
        for name, value in measure(domain, measured[:_MEASURED_ROWS], settings, run).items()
    }


def _losses(domain: Domain, rows: npt.NDArray[Any], settings: VAESettings, full: bool = False) -> Losses:
    """The loss over prepared `rows`; in full precision whatever the settings say, if `full`."""
    precision = "fp32" if full else settings.precision
    if isinstance(domain, VAE):
        return lambda chosen, noise: beta_vae_loss(
            domain, domain.inputs(domain.tensor(rows[chosen])), noise, settings.beta, precision
        )
    # A frozen encoder gives the same u in every step, and is often the dear part: it runs once.
    domain.eval()
    with torch.no_grad():
        u = torch.cat(
            [
                domain.represent(domain.inputs(domain.tensor(rows[start : start + _ROWS_AT_ONCE])))
                for start in range(0, len(rows), _ROWS_AT_ONCE)
            ]
        )
    return lambda chosen, _: decoder_loss(domain, domain.inputs(domain.tensor(rows[chosen])), u[chosen], precision)


@torch.no_grad()
def measure(domain: Domain, rows: npt.NDArray[Any], settings: VAESettings, run: Run) -> dict[str, float]:
    """Loss and its parts on prepared `rows` (N, …), in evaluation mode and full precision; means over the rows."""
    domain.eval()
    losses, size = _losses(domain, rows, settings, full=True), settings.optimisation.batch_size
    sums: dict[str, float] = {}
    for start in range(0, len(rows), size):
        chosen = np.arange(start, min(start + size, len(rows)))
        noise = _noise(len(chosen), domain.latent, "vae measure", run.seed, start).to(run.device)
        _, parts = losses(chosen, noise)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item() * len(chosen)
    return {name: value / len(rows) for name, value in sums.items()}


def _noise(rows: int, latent: int, *stream: str | int) -> Tensor:
    """Standard normal (rows, latent), drawn on the CPU so that every device sees the same."""
    return torch.randn(rows, latent, generator=torch_generator(*stream))
