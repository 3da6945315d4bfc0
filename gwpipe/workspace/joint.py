"""Workspace and domains trained together, from observations: nothing is frozen that is not named so.

The latents that the workspace aligns move while it learns, so every trained domain keeps its own loss beside: without
it, encoders would make all latents equal, which is easy to translate and says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.batches import Batches
from gwpipe.domains.domain import VAE, Domain
from gwpipe.domains.fit import Run, fit
from gwpipe.domains.vae import kl_to_standard_normal, reparameterise
from gwpipe.errors import UserError
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import ContrastiveLoss, LossWeights, WorkspaceSettings
from gwpipe.workspace.groups import AnyGroups, Group, as_groups
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace

_NOTED_ROWS = 4096
"""At most this many rows are encoded after training to note the spread of z."""


@dataclass(frozen=True)
class OwnLoss:
    """What a domain that is trained with the workspace minimises beside: coefficient · (reconstruction + β · KL)."""

    beta: float
    coefficient: float = 1.0


def joint_losses(
    workspace: Workspace,
    domains: Mapping[str, Domain],
    x: Mapping[Group, Mapping[str, Tensor]],
    own: Mapping[str, OwnLoss],
    mixing: Selection,
    coefficients: Mapping[str, float],
    generator: torch.Generator,
    contrastive: ContrastiveLoss = "info_nce",
) -> tuple[Tensor, dict[str, Tensor]]:
    """What one update minimises: the workspace's losses on the posterior means, and each trained domain's own.

    x: group → domain → (B, …) as the domain's `inputs` gives it. own: domains that are trained; those not named stay as
    they are and get no gradient. generator: of the noise of the domains' own losses. contrastive: which loss
    `cont` is. Returns the total and its parts;
    a domain's own loss is called `own_NAME`. A domain's encoder runs once over all groups.

    Raises:
        UserError: a domain that is to be trained is no VAE.
    """
    u: dict[Group, dict[str, Tensor]] = {group: {} for group in x}
    found: dict[str, Tensor] = {}
    for name, domain in domains.items():
        shown = [group for group in x if name in x[group]]
        if not shown:
            continue
        inputs = torch.cat([x[group][name] for group in shown])
        if name not in own:
            with torch.no_grad():
                latents = domain.represent(inputs)
        elif not isinstance(domain, VAE):
            raise UserError(f"domain '{name}' is no VAE and cannot be trained with the workspace; leave it frozen")
        else:
            latents, log_variance = domain.posterior(inputs)
            noise = torch.randn(latents.shape, generator=generator, device=generator.device).to(latents.device)
            decoded = domain.decode(reparameterise(latents, log_variance, noise))
            found[name] = domain.reconstruction_loss(decoded, inputs) + own[name].beta * kl_to_standard_normal(
                latents, log_variance
            )
        for group, part in zip(shown, latents.split([len(x[group][name]) for group in shown])):
            u[group][name] = part
    # A group's domains in the workspace's order, as its name has them.
    ordered = {group: {name: latents[name] for name in group} for group, latents in u.items()}
    total, parts = workspace_losses(workspace, ordered, mixing, coefficients, contrastive)
    for name, loss in found.items():
        total = total + own[name].coefficient * loss
    own_parts = {f"own_{name}": loss.detach() for name, loss in found.items()}
    return total, parts | own_parts | {"loss": total.detach()}


def train_jointly(
    workspace: Workspace,
    domains: Mapping[str, Domain],
    observations: Mapping[str, npt.NDArray[Any]],
    own: Mapping[str, OwnLoss],
    coefficients: LossWeights,
    settings: WorkspaceSettings,
    run: Run,
    groups: Mapping[frozenset[str], npt.NDArray[np.int64]] | Mapping[Group, npt.NDArray[np.int64]] | None = None,
) -> None:
    """Train `workspace` and the domains named in `own`, in place; the other domains are frozen.

    Every domain prepares its observations once. Trained domains are fitted to their scales first and follow their
    schedules, as when they are trained alone. No stage calls this: it is for Python.

    observations: domain → (N, …) as the environment gives them, in memory. groups: which rows show which domains
    together (gwpipe.data.pairing); all rows show all domains when absent.

    Raises:
        UserError: `own` names no domain of the workspace, latents are to be standardised, the groups are not usable
            (`gwpipe.workspace.groups.as_groups`), or the checkpoint is damaged or another run's.
    """
    unknown = sorted(set(own) - set(workspace.domains))
    if unknown or not own:
        raise UserError(f"trained together: {unknown or 'no domain'}; name some of {', '.join(workspace.domains)}")
    if settings.standardise:
        raise UserError("latents move while their domain is trained, so `standardise` must be off")
    if groups is None:
        groups = {tuple(workspace.domains): np.arange(len(next(iter(observations.values()))))}
    numbers = {key: dict.fromkeys(key, torch.from_numpy(index)) for key, index in groups.items()}
    checked = as_groups(cast(AnyGroups, numbers), workspace.domains)
    rows = {group: shown[group[0]].numpy() for group, shown in checked.items()}
    size, steps = settings.optimisation.batch_size, settings.optimisation.steps
    batches = {group: Batches(len(rows[group]), size, derive("joint batches", run.seed, *group)) for group in rows}
    prepared = {name: domains[name].prepare(observations[name]) for name in {*own}.union(*rows)}
    for name, domain in domains.items():
        domain.to(run.device)
        if name in own:
            domain.requires_grad_(True).fit_to(prepared[name])
        else:
            domain.eval().requires_grad_(False)
    trained = nn.ModuleList([workspace.to(run.device), *(domains[name] for name in own)])

    def inputs(name: str, index: npt.NDArray[np.int64]) -> Tensor:
        return domains[name].inputs(torch.from_numpy(prepared[name][index]).to(run.device))

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        for name in own:
            domains[name].schedule(step / steps)
        drawn = {group: rows[group][batches[group](step)] for group in rows}
        x = {group: {name: inputs(name, index) for name in group} for group, index in drawn.items()}
        mixing = Random(settings.fusion_temperature, torch_generator("joint weights", run.seed, step))
        generator = torch_generator("joint noise", run.seed, step)
        # What a domain draws itself (dropout) follows the step too, so that a resumed run draws the same.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive("joint, domains' own draws", run.seed, step))
            return joint_losses(
                workspace, domains, x, own, mixing, coefficients.model_dump(), generator, settings.contrastive
            )

    fit(trained, loss_of, settings.optimisation, run)
    widest = max(rows, key=lambda group: (len(group), len(rows[group])))
    noted = rows[widest][:_NOTED_ROWS]
    with torch.no_grad():
        workspace.note_spread({name: domains[name].represent(inputs(name, noted)) for name in widest})
