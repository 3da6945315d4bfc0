"""Training of one domain's VAE from observations in memory."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.batches import Batches
from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run, fit
from gwpipe.domains.vae import beta_vae_loss
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import VAESettings

_MEASURED_ROWS = 4096
"""At most this many rows of each part are measured after training."""


def train_vae(
    domain: Domain,
    train: npt.NDArray[Any],
    held_out: npt.NDArray[Any],
    settings: VAESettings,
    run: Run,
) -> dict[str, float]:
    """Train `domain`, as it was initialised, in place.

    train, held_out: observations (N, …) as the environment gives them, kept in memory. Returns the loss and its parts
    after training, in evaluation mode, on training and held-out rows (`train_loss`, `held_out_kl`, …).

    Raises:
        UserError: the checkpoint is damaged or another run's.
    """
    domain.fit_to(train)
    # Convolutions on a CPU are a good deal faster with the channels last in memory; nothing else is touched by it.
    domain.to(run.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = Batches(len(train), settings.optimisation.batch_size, derive("vae batches", run.seed))

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        x = domain.inputs(torch.from_numpy(train[batches(step)]).to(run.device))
        noise = _noise(len(x), settings.latent, "vae noise", run.seed, step).to(run.device)
        return beta_vae_loss(domain, x, noise, settings.beta, settings.precision)

    fit(domain, loss_of, settings.optimisation, run)
    return {
        f"{part}_{name}": value
        for part, rows in (("train", train), ("held_out", held_out))
        for name, value in measure(domain, rows[:_MEASURED_ROWS], settings, run).items()
    }


@torch.no_grad()
def measure(domain: Domain, rows: npt.NDArray[Any], settings: VAESettings, run: Run) -> dict[str, float]:
    """Loss and its parts on `rows` (N, …), in evaluation mode and full precision; means over the rows."""
    domain.eval()
    sums: dict[str, float] = {}
    for start in range(0, len(rows), settings.optimisation.batch_size):
        chunk = rows[start : start + settings.optimisation.batch_size]
        x = domain.inputs(torch.from_numpy(np.ascontiguousarray(chunk)).to(run.device))
        noise = _noise(len(x), settings.latent, "vae measure", run.seed, start).to(run.device)
        _, parts = beta_vae_loss(domain, x, noise, settings.beta)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item() * len(chunk)
    return {name: value / len(rows) for name, value in sums.items()}


def _noise(rows: int, latent: int, *stream: str | int) -> Tensor:
    """Standard normal (rows, latent), drawn on the CPU so that every device sees the same."""
    return torch.randn(rows, latent, generator=torch_generator(*stream))
