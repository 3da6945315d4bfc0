"""What a small network reads in frozen latents: how much they say about each attribute, in pixels and degrees."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.domains.mlp import mlp
from gwpipe.envs.simple_shapes import ATTRIBUTES, denormalise, normalise
from gwpipe.seeding import derive
from gwpipe.settings.workspace_studies import ProbeSettings
from gwpipe.studies.reader import reader_loss

Raw = npt.NDArray[np.float64]
"""Raw attributes (N, 8), as in `fresh_shapes`."""


class Probe(nn.Module):
    """An MLP from latents, standardised entry by entry, to the attribute vector.

    Args:
        latents: (N, width) that it is to be trained on.
        hidden: units of each of two hidden layers.
        seed: of its weights.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, latents: Tensor, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive("probe", seed))
            self.network = mlp(latents.shape[1], hidden, hidden, ATTRIBUTES)
        self.register_buffer("centre", latents.mean(0))
        self.register_buffer("scale", latents.std(0).clamp(min=1e-3))

    def forward(self, latents: Tensor) -> Tensor:
        """(B, width) to attributes (B, 11): 3 logits, then as `gwpipe.envs.simple_shapes.normalise` gives them."""
        return self.network((latents - self.centre) / self.scale)

    @torch.no_grad()
    def read(self, latents: Tensor) -> Raw:
        """Raw attributes of latents (N, width)."""
        return denormalise(self(latents).numpy())


def train_probe(latents: Tensor, raw: Raw, settings: ProbeSettings, seed: int, label: str) -> Probe:
    """A probe of latents (N, width) that show shapes of these attributes (N, 8); frozen, in evaluation mode."""
    probe = Probe(latents, settings.hidden, seed)
    true = torch.from_numpy(normalise(raw))
    batches = Batches(len(latents), settings.optimisation.batch_size, derive("probe batches", seed))

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        at = torch.from_numpy(batches(step))
        return reader_loss(probe(latents[at]), true[at])

    fit(probe, loss_of, settings.optimisation, Run(seed, f"{label}, probe"))
    return probe.requires_grad_(False)


def train_probes(
    latents: Mapping[str, Tensor], raw: Raw, settings: ProbeSettings, seed: int, label: str
) -> dict[str, Probe]:
    """A probe of each domain's latents (N, latent)."""
    return {name: train_probe(u, raw, settings, seed, f"{label}, {name}") for name, u in latents.items()}
