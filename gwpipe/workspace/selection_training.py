"""A selection learns on a frozen workspace which domain to trust, from latents that fail: the paper's future work."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.errors import UserError
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.representation import CorruptionSettings, SelectionSettings
from gwpipe.workspace.corruption import CLEAN, Damage, Spread, corrupt, draw_damage
from gwpipe.workspace.fusion import Weights, fuse
from gwpipe.workspace.groups import Latents
from gwpipe.workspace.selection.fixed import Equal
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace


def broadcast_error(workspace: Workspace, given: Latents, clean: Latents, weights: Selection | Weights) -> Tensor:
    """How far what the fused state says about each domain is from its clean latents.

    given, clean: domain → (B, latent), rows the same moments. Mean squared error over batch and entries, of latents as
    encoders take them, mean over the domains.
    """
    inside = workspace.standardise(given)
    pre = {name: workspace.encoders[name](value) for name, value in inside.items()}
    z = fuse(pre, weights(inside, pre) if isinstance(weights, Selection) else weights, workspace.activate)
    targets = workspace.standardise(clean)
    return torch.stack([functional.mse_loss(workspace.decoders[x](z), target) for x, target in targets.items()]).mean()


def train_selection(
    selection: Selection, workspace: Workspace, train: Latents, settings: SelectionSettings, run: Run
) -> None:
    """Train `selection` in place; `workspace` is frozen by it and gets no gradient.

    train: domain → clean latents (N, latent), rows paired. Each step corrupts copies of a batch, fuses them with the
    selection's weights, and asks for the clean latents of all domains.

    Raises:
        UserError: the rule learns nothing, or the corruption's side is no domain, or the checkpoint is damaged or
            another run's.
    """
    if not selection.learns:
        raise UserError(f"selection '{selection.rule}' has nothing to learn; choose one that has")
    workspace.eval().requires_grad_(False).to(run.device)
    selection.to(run.device)
    train = {name: train[name].to(run.device) for name in workspace.domains}
    spread = Spread.of(train)
    size = settings.optimisation.batch_size
    batches = Batches(len(next(iter(train.values()))), size, derive("selection batches", run.seed))

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        index = torch.from_numpy(batches(step)).to(run.device)
        clean = {name: u[index] for name, u in train.items()}
        generator = torch_generator("selection corruption", run.seed, step)
        damage = draw_damage(list(clean), size, settings.corruption, generator)
        loss = broadcast_error(workspace, corrupt(clean, damage, spread, generator), clean, selection)
        return loss, {"loss": loss.detach()}

    fit(selection, loss_of, settings.optimisation, run)


class Measured(NamedTuple):
    """Error of one rule on one kind of input."""

    rule: str
    corruption: str
    """clean, or the kind of damage."""
    strength: float
    """Of the noise; 0 where there is none."""
    error: float
    """As `broadcast_error` has it."""


def oracle_weights(side: Tensor, pre: Mapping[str, object]) -> Weights:
    """Weights of one who knows which domain is corrupted: 0 for it, equal ones for the others.

    side: (B,), number of the corrupted domain or CLEAN. Knowing the side is not knowing how bad it is: where noise is
    weak, a rule that still listens to the noisy domain can do better. A domain that is alone keeps its weight.
    """
    trusted = torch.stack([side != number for number in range(len(pre))], dim=1).float()
    trusted = torch.where(trusted.sum(1, keepdim=True) > 0, trusted, 1.0)
    return dict(zip(pre, (trusted / trusted.sum(1, keepdim=True)).unsqueeze(-1).unbind(1)))


@torch.no_grad()
def measure_selection(
    workspace: Workspace,
    u: Latents,
    learned: Mapping[str, Selection],
    corruption: CorruptionSettings,
    spread: Spread,
    seed: int = 0,
) -> list[Measured]:
    """Errors of equal weights, each learned rule and the oracle: on clean rows, on each kind of damage, each strength.

    u: domain → clean latents (N, latent) that none of the rules was trained on, rows paired. Every row is damaged (the
    settings' `clean` does not count here), and all rules see the same damage. spread: of the training latents.
    """
    u = {name: u[name] for name in workspace.domains}
    rows, measured = len(next(iter(u.values()))), []
    cases: list[tuple[str, float]] = [("clean", 0.0)]
    for damaged in corruption.kinds:
        cases += [(damaged, strength) for strength in ([0.0] if damaged == "missing" else corruption.strengths)]
    for kind, strength in cases:
        generator = torch_generator("selection measure", seed, kind, str(strength))
        if kind == "clean":
            damage = Damage(torch.full((rows,), CLEAN), torch.zeros(rows, dtype=torch.bool), torch.zeros(rows))
        else:
            only = corruption.model_copy(update={"kinds": [kind], "strengths": [strength], "clean": 0.0})
            damage = draw_damage(list(u), rows, only, generator)
        given = corrupt(u, damage, spread, generator)
        device = next(iter(u.values())).device
        rules: dict[str, Selection | Weights] = {"equal": Equal(), **learned}
        rules["oracle"] = oracle_weights(damage.side.to(device), u)
        for name, rule in rules.items():
            measured.append(Measured(name, kind, strength, broadcast_error(workspace, given, u, rule).item()))
    return measured
