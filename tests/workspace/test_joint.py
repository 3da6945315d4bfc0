"""Domains and workspace trained together: gradients go where they should, and both get better."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gwpipe.domains.attributes import ShapeAttributesVAE, VectorAttributesVAE
from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run
from gwpipe.domains.vae import beta_vae_loss
from gwpipe.domains.visual import VisualVAE
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.domains import DOMAINS
from gwpipe.settings.representation import LossWeights, OptimisationSettings, VAESettings, WorkspaceSettings
from gwpipe.workspace.joint import OwnLoss, joint_losses, train_jointly
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Equal
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import Workspace

GW = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
BOTH = ("attr", "shifted")


RATES = {"start_lr": 1e-3, "max_lr": 5e-3, "end_lr": 1e-4, "weight_decay": 0}


def settings(steps: int, batch_size: int = 64, **more: object) -> WorkspaceSettings:
    optimisation = OptimisationSettings(steps=steps, batch_size=batch_size, **RATES)
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


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({("attr", "shifded"): np.arange(9)}, "shifded"),
        ({BOTH: np.arange(9), frozenset(BOTH): np.arange(9)}, "twice"),
        ({("attr",): np.arange(9), BOTH: np.arange(1)}, "at least two"),
    ],
)
def test_unusable_groups_are_refused(
    workspace: Workspace, domains: dict[str, Domain], observations: dict[str, np.ndarray], groups, message: str
) -> None:
    own = {"attr": OwnLoss(1)}
    with pytest.raises(UserError, match=message):
        train_jointly(workspace, domains, observations, own, GW, settings(1), Run(0, "test"), groups)


ROWS = 24
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    *((env, name, {}) for env, table in DOMAINS.items() for name in table),
    ("simple_shapes", "v", {"options": {"view": "luma"}}),
    ("simple_shapes", "attr", {"options": {"without": ["rotation"]}}),
]


def small(env: str, name: str, changes: dict[str, Any]) -> Domain:
    block = {"width": 0.05, "latent": 4, "beta": 0.1, "optimisation": {"steps": 1, "batch_size": 2, **RATES}}
    return make_domain(env, name, VAESettings.model_validate(block | changes))


@pytest.fixture(scope="module")
def shown() -> dict[str, dict[str, np.ndarray]]:
    """Environment → observation → rows as it gives them."""
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(ROWS)])
    pictures = rng.integers(0, 256, (ROWS, 64, 64, 3), dtype=np.uint8)
    vectors = rng.standard_normal((ROWS, 76)).astype(np.float32)
    return {
        "simple_shapes": {"image": draw(raw), "attributes": normalise(raw)},
        "robodesk": {"image": pictures, "attributes": vectors},
    }


def beside(
    domain: Domain, rows: np.ndarray, own: dict[str, OwnLoss], run: Run, steps: int = 2
) -> dict[str, torch.Tensor]:
    """Train `domain`, called d, beside a vector that is trained too; every weight afterwards."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    two: dict[str, Domain] = {"d": domain, "other": VectorAttributesVAE(3, 4, 0.02)}
    noise = np.random.default_rng(1).standard_normal((len(rows), 3)).astype(np.float32)
    workspace = make_workspace({name: one.latent for name, one in two.items()}, settings(1))
    own = {"other": OwnLoss(0.1)} | own
    train_jointly(workspace, two, {"d": rows, "other": noise}, own, GW, settings(steps, 8), run)
    modules = {"workspace": workspace, **two}
    return {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}


CASES = [(*variant, trained) for variant in VARIANTS for trained in (True, False)]
CASES += [("simple_shapes", "attr", {"kind": "plain_attributes", "latent": 11}, False)]


@pytest.mark.parametrize(("env", "name", "changes", "trained"), CASES)
def test_every_domain_prepares_its_observations_and_once(
    env: str, name: str, changes: dict[str, Any], trained: bool, shown: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it prepares itself trains as what was prepared before."""
    domain = small(env, name, changes)
    own = {"d": OwnLoss(0.1)} if trained else {}
    rows = shown[env][domain.observation]
    before = copy.deepcopy(domain)
    prepared = before.prepare(rows)
    monkeypatch.setattr(before, "prepare", lambda rows: rows)
    asked: list[int] = []
    prepare = domain.prepare
    monkeypatch.setattr(domain, "prepare", lambda rows: asked.append(len(rows)) or prepare(rows))
    found = beside(domain, rows, own, Run(0, "test"))
    assert asked == [ROWS]
    expected = beside(before, prepared, own, Run(0, "test"))
    for key, value in expected.items():
        assert torch.equal(value, found[key]), key
        assert value.isfinite().all(), key


@pytest.mark.parametrize("trained", [True, False], ids=["trained", "frozen"])
def test_a_trained_domain_hears_how_far_the_training_is(
    trained: bool, observations: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = ShapeAttributesVAE(4, 0.1)
    heard: list[float] = []
    monkeypatch.setattr(domain, "schedule", heard.append)
    beside(domain, observations["attr"], {"d": OwnLoss(0.1)} if trained else {}, Run(0, "test"), steps=4)
    assert heard == ([0, 0.25, 0.5, 0.75] if trained else [])


def test_pictures_learn_their_colours_first(shown: dict) -> None:
    ends = []
    for weight in (1.0, 9.0):
        torch.manual_seed(0)
        domain = VisualVAE(32, 4, 0.05, colour_first=weight)
        ends.append(beside(domain, shown["simple_shapes"]["image"], {"d": OwnLoss(0.1)}, Run(0, "test"))["d.mean.bias"])
    assert not torch.equal(*ends)


class Dropping(ShapeAttributesVAE):
    """It draws random numbers itself."""

    def posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return super().posterior(functional.dropout(x, training=self.training))


class Killed(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize("name", ["mask", "t", "dropping"])
def test_resumed_training_ends_with_the_same_weights(name: str, shown: dict, tmp_path: Path) -> None:
    def train(run: Run) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        domain = Dropping(4, 0.1) if name == "dropping" else small("simple_shapes", name, {})
        return beside(domain, shown["simple_shapes"][domain.observation], {"d": OwnLoss(0.1)}, run, steps=6)

    def dying(done: int) -> None:
        if done == 4:
            raise Killed

    run = Run(0, "test", tmp_path / "checkpoint.safetensors", "a", checkpoint_seconds=0)
    whole = train(replace(run, checkpoint=None))
    with pytest.raises(Killed):
        train(replace(run, watch=dying))
    resumed = train(run)
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key
