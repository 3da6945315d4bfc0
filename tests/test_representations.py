"""What every representation must keep to, whatever lies behind it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe.agents.one_domain import OneDomain
from gwpipe.artefact import hash_file
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError
from gwpipe.representations import ConcatenatedVAEs, GlobalWorkspace, Representation, load_representation
from gwpipe.settings.representation import SelectionSettings, VAESettings
from gwpipe.workspace.selection.registry import make_selection, save_selection
from gwpipe.workspace.workspace import Workspace, save_workspace

RATES = {"steps": 1, "batch_size": 2, "start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}
LATENT = {"v": 4, "attr": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights of both VAEs and of a workspace of each kind."""
    folder = tmp_path_factory.mktemp("weights")
    for name, latent in LATENT.items():
        settings = VAESettings(width=0.05, latent=latent, beta=0.1, optimisation=RATES)
        save_domain(folder / name, make_domain("simple_shapes", name, settings))
    for kind in ("gw", "clip"):
        torch.manual_seed(0)
        save_workspace(folder / kind, Workspace(LATENT, dim=5, hidden=8, layers=1), kind)
    return folder


@pytest.fixture(params=["gw", "clip", None])
def representation(folder: Path, request: pytest.FixtureRequest) -> Representation:
    workspace = folder / request.param if request.param else None
    return load_representation({name: folder / name for name in LATENT}, workspace)


@pytest.fixture(scope="module")
def observations() -> dict[str, np.ndarray]:
    shown = [SimpleShapes().reset(seed=seed)[0] for seed in range(6)]
    return {name: np.stack([one[name] for one in shown]) for name in shown[0]}


def test_widths_and_types(representation: Representation, observations: dict[str, np.ndarray]) -> None:
    u = representation.encode(observations)
    z = representation.fuse(u)
    assert representation.domains == LATENT
    assert {name: tuple(value.shape) for name, value in u.items()} == {"v": (6, 4), "attr": (6, 3)}
    assert z.shape == (6, representation.dim)
    assert z.dtype == torch.float32
    assert not z.requires_grad
    assert representation.frozen
    if representation.bounded:
        assert z.abs().max() <= 1


def test_default_weights_are_the_default(representation: Representation, observations: dict[str, np.ndarray]) -> None:
    u = representation.encode(observations)
    torch.testing.assert_close(representation.fuse(u), representation.fuse(u, representation.default_weights))


def test_one_observation_at_a_time_gives_the_same(
    representation: Representation, observations: dict[str, np.ndarray]
) -> None:
    u = representation.encode(observations)
    alone = representation.encode({name: value[2:3] for name, value in observations.items()})
    for name in u:
        torch.testing.assert_close(alone[name], u[name][2:3])


@pytest.mark.parametrize("silent", ["v", "attr"])
def test_a_domain_of_weight_0_has_no_influence_and_may_be_absent(
    representation: Representation, observations: dict[str, np.ndarray], silent: str
) -> None:
    u = representation.encode(observations)
    (speaking,) = set(LATENT) - {silent}
    weights = {silent: 0.0, speaking: 1.0}
    z = representation.fuse(u, weights)
    torch.testing.assert_close(representation.fuse({**u, silent: u[silent] + 9}, weights), z)
    torch.testing.assert_close(representation.fuse({speaking: u[speaking]}, weights), z)
    torch.testing.assert_close(representation.fuse({speaking: u[speaking]}, {speaking: 1.0}), z)
    assert not torch.allclose(z, representation.fuse({speaking: u[speaking] + 1}, weights))


def test_observations_that_are_not_there_are_not_encoded(
    representation: Representation, observations: dict[str, np.ndarray]
) -> None:
    assert set(representation.encode({"attributes": observations["attributes"]})) == {"attr"}


def test_concatenation_lays_the_latents_side_by_side(folder: Path, observations: dict[str, np.ndarray]) -> None:
    representation = load_representation({name: folder / name for name in LATENT})
    assert isinstance(representation, ConcatenatedVAEs)
    u = representation.encode(observations)
    torch.testing.assert_close(representation.fuse(u), torch.cat([u["v"], u["attr"]], 1))
    torch.testing.assert_close(
        representation.fuse(u, {"v": 0.5, "attr": 0.0}), torch.cat([u["v"] / 2, 0 * u["attr"]], 1)
    )


def test_workspace_fuses_with_equal_weights(folder: Path, observations: dict[str, np.ndarray]) -> None:
    representation = load_representation({name: folder / name for name in LATENT}, folder / "gw")
    assert isinstance(representation, GlobalWorkspace)
    assert representation.default_weights == {"v": 0.5, "attr": 0.5}
    u = representation.encode(observations)
    torch.testing.assert_close(representation.fuse(u), representation.workspace.fuse(u))


def test_z_is_decoded_to_the_latents_that_it_stands_for(folder: Path, observations: dict[str, np.ndarray]) -> None:
    side_by_side = load_representation({name: folder / name for name in LATENT})
    u = side_by_side.encode(observations)
    decoded = side_by_side.decode(side_by_side.fuse(u))
    assert all(torch.equal(decoded[name], u[name]) for name in LATENT)
    plain = load_representation({name: folder / name for name in LATENT}, folder / "gw")
    assert isinstance(plain, GlobalWorkspace)
    plain.workspace.note_spread(u)
    standardised = GlobalWorkspace(plain.vaes, plain.workspace, standardised=True)
    z = plain.fuse(u)
    for name, latents in plain.workspace.decode(z).items():
        torch.testing.assert_close(plain.decode(z)[name], latents)
        torch.testing.assert_close(standardised.decode(standardised.fuse(u))[name], latents)
    vae = plain.vaes["attr"]
    shown = vae.observations(vae.decode(plain.workspace.decode(z)["attr"]))
    for domain_seen in (plain, OneDomain(plain, "v")):
        np.testing.assert_array_equal(domain_seen.reconstruct(z, "attr"), shown)


def test_workspace_of_other_latents_is_refused(folder: Path, tmp_path: Path) -> None:
    save_workspace(tmp_path / "gw", Workspace({"v": 9, "attr": 3}, 5, 8, 1), "gw")
    with pytest.raises(UserError, match="train it anew"):
        load_representation({name: folder / name for name in LATENT}, tmp_path / "gw")


def test_workspace_of_other_weights_of_the_same_width_is_refused(folder: Path, tmp_path: Path) -> None:
    vaes = {name: folder / name for name in LATENT}
    own = {name: hash_file(path) for name, path in vaes.items()}
    save_workspace(tmp_path / "own", Workspace(LATENT, 5, 8, 1), "gw", own)
    load_representation(vaes, tmp_path / "own")
    save_workspace(tmp_path / "gw", Workspace(LATENT, 5, 8, 1), "gw", own | {"attr": "0" * 64})
    with pytest.raises(UserError, match="other weights of 'attr'"):
        load_representation(vaes, tmp_path / "gw")


def test_standardised_z_has_no_mean_and_unit_variance_over_what_it_was_measured_on(folder: Path) -> None:
    latents = {name: torch.randn(400, width, generator=torch.manual_seed(1)) for name, width in LATENT.items()}
    plain = load_representation({name: folder / name for name in LATENT}, folder / "gw")
    assert isinstance(plain, GlobalWorkspace)
    plain.workspace.note_spread(latents)
    standardised = GlobalWorkspace(plain.vaes, plain.workspace, standardised=True)
    z = standardised.fuse(latents)
    torch.testing.assert_close(z.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0), torch.ones(5), atol=1e-4, rtol=0)
    assert plain.bounded
    assert not standardised.bounded
    assert plain.fuse(latents).abs().max() <= 1


@pytest.mark.parametrize(("activation", "bounded"), [("tanh", True), ("unit", True), ("layer_norm", False)])
def test_a_world_model_ends_in_tanh_only_where_the_state_is_bounded(
    folder: Path, tmp_path: Path, activation: str, bounded: bool
) -> None:
    save_workspace(tmp_path / "gw", Workspace(LATENT, 5, 8, 1, activation=activation), "gw")
    vaes = {name: folder / name for name in LATENT}
    assert load_representation(vaes, tmp_path / "gw").bounded == bounded
    assert not load_representation(vaes, tmp_path / "gw", standardised=True).bounded


def test_a_selection_of_another_activation_is_refused(folder: Path, tmp_path: Path) -> None:
    save_workspace(tmp_path / "gw", Workspace(LATENT, 5, 8, 1, activation="identity"), "gw")
    vaes = {name: folder / name for name in LATENT}
    for activation in ("tanh", "identity"):
        chosen = make_selection(SelectionSettings(rule="attention"), LATENT, 5, activation=activation)
        save_selection(tmp_path / activation, chosen)
    load_representation(vaes, tmp_path / "gw", selection=tmp_path / "identity")
    with pytest.raises(UserError, match="train it anew"):
        load_representation(vaes, tmp_path / "gw", selection=tmp_path / "tanh")


def test_a_selection_chooses_where_no_weights_are_given(folder: Path, tmp_path: Path) -> None:
    chosen = make_selection(SelectionSettings(rule="precision"), LATENT, 5)
    save_selection(tmp_path / "selection", chosen)
    vaes = {name: folder / name for name in LATENT}
    representation = load_representation(vaes, folder / "gw", selection=tmp_path / "selection")
    assert isinstance(representation, GlobalWorkspace)
    u = {name: torch.randn(7, width, generator=torch.manual_seed(1)) for name, width in LATENT.items()}
    torch.testing.assert_close(representation.fuse(u), representation.workspace.fuse(u, chosen).detach())
    assert not torch.allclose(representation.fuse(u), representation.workspace.fuse(u))
    torch.testing.assert_close(representation.fuse(u, {"v": 0.5, "attr": 0.5}), representation.workspace.fuse(u))
    alone = representation.fuse({"attr": u["attr"]})
    torch.testing.assert_close(alone, representation.workspace.fuse({"attr": u["attr"]}))
    assert not representation.fuse(u).requires_grad


def test_a_selection_of_another_workspace_is_refused(folder: Path, tmp_path: Path) -> None:
    vaes = {name: folder / name for name in LATENT}
    save_selection(tmp_path / "selection", make_selection(SelectionSettings(rule="precision"), LATENT, 6))
    with pytest.raises(UserError, match="train it anew"):
        load_representation(vaes, folder / "gw", selection=tmp_path / "selection")
    with pytest.raises(UserError, match="no workspace"):
        load_representation(vaes, selection=tmp_path / "selection")
    save_selection(tmp_path / "any", make_selection(SelectionSettings(rule="equal"), LATENT, 6))
    load_representation(vaes, folder / "gw", selection=tmp_path / "any")
