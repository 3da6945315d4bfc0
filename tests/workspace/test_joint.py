"""Domains and workspace trained together: gradients go where they should, and both get better."""

from typing import Any

import numpy as np
import pytest
import torch

from gwpipe.domains.attributes import ShapeAttributesVAE, VectorAttributesVAE
from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run
from gwpipe.domains.vae import beta_vae_loss
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.representation import LossWeights, OptimisationSettings, WorkspaceSettings
from gwpipe.workspace.joint import OwnLoss, joint_losses, train_jointly
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Equal
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import Workspace

GW = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
BOTH = ("attr", "shifted")


def settings(steps: int, **more: object) -> WorkspaceSettings:
    rates = {"start_lr": 1e-3, "max_lr": 5e-3, "end_lr": 1e-4, "weight_decay": 0}
    optimisation = OptimisationSettings(steps=steps, batch_size=64, **rates)
    return WorkspaceSettings(**{"dim": 8, "hidden": 32, "layers": 1, "kinds": {}, "optimisation": optimisation} | more)


@pytest.fixture
def observations() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = normalise(np.stack([sample_attributes(rng) for _ in range(300)]))
    return {"attr": rows, "shifted": 3 * rows + 1}


@pytest.fixture
def domains() -> dict[str, Domain]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return {"attr": ShapeAttributesVAE(8, 0.5), "shifted": VectorAttributesVAE(11, 8, 0.1)}


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace({"attr": 8, "shifted": 8}, settings(1))


def test_total_is_the_workspaces_losses_and_each_domains_own(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray]
) -> None:
    x = {name: domains[name].inputs(torch.from_numpy(rows[:8])) for name, rows in observations.items()}
    own = {"attr": OwnLoss(beta=0.1, coefficient=2), "shifted": OwnLoss(beta=0.5)}
    coefficients = GW.model_dump()
    total, parts = joint_losses(
        workspace, domains, {BOTH: x}, own, Equal(), coefficients, torch.Generator().manual_seed(0)
    )
    u = {name: domains[name].posterior(x[name])[0] for name in x}
    expected, _ = workspace_losses(workspace, {BOTH: u}, Equal(), coefficients)
    generator = torch.Generator().manual_seed(0)
    for name in BOTH:
        noise = torch.randn(8, domains[name].latent, generator=generator)
        loss, _ = beta_vae_loss(domains[name], x[name], noise, own[name].beta)
        torch.testing.assert_close(parts[f"own_{name}"], loss.detach())
        expected = expected + own[name].coefficient * loss
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(parts["loss"], total.detach())


class EncoderOnly(Domain):
    """Its latents are the first 8 columns."""

    observation, latent, can_decode = "attributes", 8, False

    def describe(self) -> dict[str, Any]:
        return {"kind": "encoder_only"}

    def inputs(self, prepared: torch.Tensor) -> torch.Tensor:
        return prepared.float()

    def represent(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :8]


def test_a_domain_without_a_posterior_may_be_shown_but_not_trained(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray]
) -> None:
    domains["shifted"] = EncoderOnly()
    x = {name: domains[name].inputs(torch.from_numpy(rows[:8])) for name, rows in observations.items()}
    u = {"attr": domains["attr"].represent(x["attr"]), "shifted": x["shifted"][:, :8]}
    expected, _ = workspace_losses(workspace, {BOTH: u}, Equal(), GW.model_dump())
    total, _ = joint_losses(workspace, domains, {BOTH: x}, {}, Equal(), GW.model_dump(), torch.Generator())
    torch.testing.assert_close(total, expected)
    own = {"shifted": OwnLoss(0.1)}
    with pytest.raises(UserError, match="'shifted' is no VAE"):
        joint_losses(workspace, domains, {BOTH: x}, own, Equal(), GW.model_dump(), torch.Generator())


def test_frozen_domains_get_no_gradient_and_do_not_change(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray]
) -> None:
    before = {name: {k: v.clone() for k, v in domain.state_dict().items()} for name, domain in domains.items()}
    train_jointly(workspace, domains, observations, {"attr": OwnLoss(0.01)}, GW, settings(2), Run(0, "test"))
    assert all(p.grad is None for p in domains["shifted"].parameters())
    assert all(torch.equal(v, domains["shifted"].state_dict()[k]) for k, v in before["shifted"].items())
    assert any(not torch.equal(v, domains["attr"].state_dict()[k]) for k, v in before["attr"].items())
    assert not any(module.training for module in (workspace, *domains.values()))


def test_together_they_learn_to_translate_and_to_reconstruct(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray]
) -> None:
    own = {name: OwnLoss(0.001) for name in domains}
    groups = {frozenset(BOTH): np.arange(200), ("attr",): np.arange(200, 250)}
    train_jointly(workspace, domains, observations, own, GW, settings(250), Run(0, "test"), groups)
    unseen = {name: rows[250:] for name, rows in observations.items()}
    u = {name: domains[name].encode(rows) for name, rows in unseen.items()}
    with torch.no_grad():
        decoded = domains["shifted"].decode(workspace.translate({"attr": u["attr"]}, "shifted"))
        x = domains["shifted"].inputs(torch.from_numpy(unseen["shifted"]))
    assert (decoded - x).square().mean() < 0.7 * x.var()


@pytest.mark.parametrize(
    ("own", "more", "message"),
    [
        ({}, {}, "no domain"),
        ({"t": OwnLoss(1)}, {}, "'t'"),
        ({"attr": OwnLoss(1)}, {"standardise": True}, "standardise"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray], own, more, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        train_jointly(workspace, domains, observations, own, GW, settings(1, **more), Run(0, "test"))
