"""Many small workspaces trained in one job: cells of a study, stacked by shape, over latents held once.

A cell says which rows its workspace sees in which combination of domains, which losses it minimises, and its seed.
Cells of one shape are trained as one stack (`gwpipe.workspace.stack`), each exactly as it would be alone. A stack that
was finished is kept on disk until the job ends, and one that was killed goes on from its checkpoint.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gwpipe import checkpoint
from gwpipe.data.pairing import Index
from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import LossWeights, WorkspaceSettings
from gwpipe.workspace.groups import Group, Latents
from gwpipe.workspace.objective import NAMES, workspace_losses
from gwpipe.workspace.stack import StackedRandom, member, stacked
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import Workspace

LARGEST_STACK = 24
"""Members trained at once; more save no calls worth having, and their activations leave the processor's cache."""


@dataclass(frozen=True)
class Cell:
    """One workspace of a study."""

    key: Mapping[str, str | int | float]
    """What tells it from the study's other cells: column of the table → value."""
    seed: int
    groups: Mapping[Group, Index]
    """Domains that are seen together → the training rows in which they are."""
    losses: Mapping[str, float]
    """Coefficients of `objective.NAMES`; none at all leaves the workspace untrained."""
    domains: Group
    dim: int

    @property
    def shape(self) -> tuple[object, ...]:
        """Equal for cells that can be trained as one stack."""
        return self.domains, self.dim, tuple(sorted(self.losses.items())), tuple(self.groups)


def losses_named(names: Iterable[str], full: LossWeights) -> dict[str, float]:
    """Coefficients of some of the losses: those of `full`, or 1 where it leaves a loss out."""
    whole = full.model_dump()
    return {name: float(whole[name] or 1.0) for name in NAMES if name in names}


def all_rows(latents: Latents) -> Index:
    """Every row number of latents (N, …)."""
    return np.arange(len(next(iter(latents.values()))))


def train_cells(cells: Sequence[Cell], latents: Latents, settings: WorkspaceSettings, run: Run) -> list[Workspace]:
    """The trained workspace of each cell, in their order, frozen and in evaluation mode.

    latents: domain → (N, latent), the training rows, shared by all. Whatever rows a cell trains on, its workspace
    standardises by all of them, so that errors of different cells mean the same. run: `checkpoint` is a folder.

    Raises:
        UserError: a checkpoint is damaged or another run's, or a loss is no longer a finite number.
    """
    by_shape: dict[tuple[object, ...], list[int]] = {}
    for number, cell in enumerate(cells):
        by_shape.setdefault(cell.shape, []).append(number)
    stacks = [
        numbers[start : start + LARGEST_STACK]
        for numbers in by_shape.values()
        for start in range(0, len(numbers), LARGEST_STACK)
    ]
    trained: dict[int, Workspace] = {}
    for at, numbers in enumerate(stacks):
        label = f"{run.label}, stack {at + 1} of {len(stacks)} ({len(numbers)} workspaces)"
        folder = None if run.checkpoint is None else run.checkpoint / f"stack{at}"
        stack = _train_stack(
            [cells[number] for number in numbers], latents, settings, replace(run, label=label, checkpoint=folder)
        )
        trained |= {number: member(stack, place) for place, number in enumerate(numbers)}
    return [trained[number] for number in range(len(cells))]


def _fresh(cell: Cell, latents: Latents, settings: WorkspaceSettings) -> Workspace:
    widths = {name: latents[name].shape[1] for name in cell.domains}
    workspace = make_workspace(widths, settings.model_copy(update={"dim": cell.dim}), cell.seed)
    if settings.standardise:
        workspace.fit_to({name: latents[name] for name in cell.domains})
    return workspace


def _train_stack(cells: Sequence[Cell], latents: Latents, settings: WorkspaceSettings, run: Run) -> Workspace:
    stack = stacked([_fresh(cell, latents, settings) for cell in cells]).to(run.device)
    losses = cells[0].losses
    if not losses:
        return stack.cpu()
    finished = None if run.checkpoint is None else run.checkpoint / "trained.safetensors"
    state = None if finished is None else checkpoint.load(finished, run.identity)
    if state is not None:
        stack.load_state_dict(state)
        return stack.cpu()
    held = {name: latents[name].to(run.device) for name in cells[0].domains}
    rows = {group: [torch.from_numpy(cell.groups[group]) for cell in cells] for group in cells[0].groups}
    size = settings.optimisation.batch_size
    batches = {
        group: [
            Batches(len(index), size, derive("workspace batches", cell.seed, *group)) for cell, index in zip(cells, of)
        ]
        for group, of in rows.items()
    }
    seeds = [cell.seed for cell in cells]

    def drawn(group: Group, step: int) -> Tensor:
        """Row numbers (B, members)."""
        parts = zip(rows[group], batches[group])
        return torch.stack([index[torch.from_numpy(batch(step))] for index, batch in parts], 1).to(run.device)

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        sample = {}
        for group in rows:
            at = drawn(group, step)
            sample[group] = {name: held[name][at] for name in group}
        streams = {seed: torch_generator("workspace weights", seed, step) for seed in seeds}
        mixing = StackedRandom(settings.fusion_temperature, streams, seeds)
        loss, found = workspace_losses(stack, sample, mixing, losses, settings.contrastive)
        # The losses are means over the members; each member is to get the gradient of its own.
        return len(cells) * loss, found

    unfinished = None if run.checkpoint is None else run.checkpoint / "checkpoint.safetensors"
    fit(stack, loss_of, settings.optimisation, replace(run, checkpoint=unfinished))
    if finished is not None:
        checkpoint.save(finished, dict(stack.state_dict()), run.identity)
    return stack.cpu()
