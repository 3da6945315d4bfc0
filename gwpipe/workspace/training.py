"""Training of a workspace, of kind gw or clip, from latents in memory."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import LossWeights, WorkspaceSettings
from gwpipe.workspace.fusion import random_weights
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.workspace import Workspace

_MEASURED_ROWS = 4096
"""At most this many rows of each part are measured after training; the contrastive loss sees them in batches."""


def make_workspace(domains: Mapping[str, int], settings: WorkspaceSettings, seed: int = 0) -> Workspace:
    """A fresh workspace over `domains` (name → width of u), its weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("workspace", seed))
        return Workspace(domains, settings.dim, settings.hidden, settings.layers)


def train_workspace(
    workspace: Workspace,
    train: Mapping[str, Tensor],
    held_out: Mapping[str, Tensor],
    coefficients: LossWeights,
    settings: WorkspaceSettings,
    run: Run,
) -> dict[str, float]:
    """Train `workspace` in place.

    train, held_out: domain → unimodal latents (N, latent), float32, row i of every domain showing the same moment.
    Returns every loss after training on training and held-out rows (`train_loss`, `held_out_tr`, …).

    Raises:
        UserError: the checkpoint is damaged or another run's.
    """
    train = {name: train[name].to(run.device) for name in workspace.domains}
    held_out = {name: held_out[name].to(run.device) for name in workspace.domains}
    workspace.to(run.device)
    if settings.standardise:
        workspace.fit_to(train)
    rows = len(next(iter(train.values())))
    batch_size = settings.optimisation.batch_size
    batches = Batches(rows, batch_size, derive("workspace batches", run.seed))
    weights = coefficients.model_dump()

    def losses_on(latents: Mapping[str, Tensor], index: Tensor, *stream: str | int) -> tuple[Tensor, dict[str, Tensor]]:
        uniform = torch.rand(len(index), len(workspace.domains), generator=torch_generator(*stream))
        mixing = random_weights(uniform, settings.fusion_temperature).to(run.device)
        return workspace_losses(workspace, {name: u[index] for name, u in latents.items()}, mixing, weights)

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        index = torch.from_numpy(batches(step)).to(run.device)
        return losses_on(train, index, "workspace weights", run.seed, step)

    fit(workspace, loss_of, settings.optimisation, run)
    workspace.note_spread(train)
    measured: dict[str, float] = {}
    with torch.no_grad():
        for part, latents in (("train", train), ("held_out", held_out)):
            chunks = torch.arange(min(_MEASURED_ROWS, len(next(iter(latents.values()))))).split(batch_size)
            for k, index in enumerate(chunks):
                _, found = losses_on(latents, index, "workspace measure", run.seed, k)
                for name, value in found.items():
                    key = f"{part}_{name}"
                    measured[key] = measured.get(key, 0.0) + value.item() * len(index) / sum(map(len, chunks))
    return measured
