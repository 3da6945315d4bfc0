"""Training of a workspace, of kind gw or clip, from latents in memory."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.errors import UserError
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import LossWeights, WorkspaceSettings
from gwpipe.workspace.groups import AnyGroups, Group, Groups, Latents, as_groups
from gwpipe.workspace.objective import trainable, workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.workspace import Workspace, build_workspace

_MEASURED_ROWS = 4096
"""At most this many rows of each part are measured after training; the contrastive loss sees them in batches."""


def make_workspace(domains: Mapping[str, int], settings: WorkspaceSettings, seed: int = 0) -> Workspace:
    """A fresh workspace over `domains` (name → width of u), its weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("workspace", seed))
        return build_workspace(domains, settings)


def train_workspace(
    workspace: Workspace,
    train: Latents | AnyGroups,
    held_out: Latents,
    coefficients: LossWeights,
    settings: WorkspaceSettings,
    run: Run,
) -> dict[str, float]:
    """Train `workspace` in place.

    train: domain → unimodal latents (N, latent), float32, row i of every domain showing the same moment; or, where only
    some are paired, set of domains → such latents. Every group gives each step one batch of its own, drawn
    independently of the others'. held_out: domain → latents, rows paired. Returns every loss after training on training
    and held-out rows (`train_loss`, `held_out_tr`, …).

    Raises:
        UserError: the groups are not usable or can train none of the losses asked for, or the checkpoint is damaged or
            another run's.
    """
    groups = _on(as_groups(train, workspace.domains), run.device)
    unseen = as_groups({name: held_out[name] for name in workspace.domains}, workspace.domains)
    weights = coefficients.model_dump()
    possible = trainable(groups, workspace.domains)
    if not any(weights[name] for name in possible):
        shown = ", ".join(" + ".join(group) for group in groups)
        raise UserError(f"the groups {shown} train {', '.join(possible) or 'nothing'}, whose coefficients are all 0")
    workspace.to(run.device)
    if settings.standardise:
        workspace.fit_to(_pooled(groups))
    batches = {
        group: Batches(_rows(latents), settings.optimisation.batch_size, derive("workspace batches", run.seed, *group))
        for group, latents in groups.items()
    }

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        drawn = {group: torch.from_numpy(batches[group](step)).to(run.device) for group in groups}
        sample = {group: {x: u[drawn[group]] for x, u in latents.items()} for group, latents in groups.items()}
        mixing = Random(settings.fusion_temperature, torch_generator("workspace weights", run.seed, step))
        return workspace_losses(workspace, sample, mixing, weights, settings.contrastive)

    fit(workspace, loss_of, settings.optimisation, run)
    workspace.note_spread(max(groups.values(), key=lambda latents: (len(latents), _rows(latents))))
    return {
        f"{part}_{name}": value
        for part, rows in (("train", groups), ("held_out", _on(unseen, run.device)))
        for name, value in measure_workspace(workspace, rows, coefficients, settings, run.seed).items()
    }


@torch.no_grad()
def measure_workspace(
    workspace: Workspace, groups: Groups, coefficients: LossWeights, settings: WorkspaceSettings, seed: int
) -> dict[str, float]:
    """Every loss with a coefficient other than 0 on the first rows of each group, and their total.

    Fusion weights are drawn from `seed`; the contrastive loss sees the rows in batches of the training's size.
    """
    size = settings.optimisation.batch_size
    rows = min(_MEASURED_ROWS, *(_rows(latents) for latents in groups.values()))
    sums: dict[str, float] = {}
    for start in range(0, rows, size):
        here = slice(start, min(start + size, rows))
        sample = {group: {x: u[here] for x, u in latents.items()} for group, latents in groups.items()}
        mixing = Random(settings.fusion_temperature, torch_generator("workspace measure", seed, start))
        _, found = workspace_losses(workspace, sample, mixing, coefficients.model_dump(), settings.contrastive)
        for name, value in found.items():
            sums[name] = sums.get(name, 0.0) + value.item() * (here.stop - start)
    return {name: value / rows for name, value in sums.items()}


def _rows(latents: Latents) -> int:
    return len(next(iter(latents.values())))


def _on(groups: Groups, device: str) -> dict[Group, dict[str, Tensor]]:
    return {group: {x: u.to(device) for x, u in latents.items()} for group, latents in groups.items()}


def _pooled(groups: Groups) -> dict[str, Tensor]:
    """All rows of each domain, whatever group they are in."""
    pooled: dict[str, list[Tensor]] = {}
    for latents in groups.values():
        for name, u in latents.items():
            pooled.setdefault(name, []).append(u)
    return {name: torch.cat(parts) for name, parts in pooled.items()}
