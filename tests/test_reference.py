"""The reference representation: packed from a scale, taken by the stages that would train."""

import importlib
import json
from pathlib import Path

import pytest
import torch

from gwpipe import layout, reference
from gwpipe.artefact import Record, hash_file, verify
from gwpipe.domains.catalogue import load_domain, make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.representations import load_representation
from gwpipe.settings import Config, load, packaged
from gwpipe.settings.stages import TrainVAEStage, stage_settings
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import save_workspace

REFERENCE = "environments.simple_shapes.representation.reference=true"
VAES = ("v", "attr")


@pytest.fixture(scope="module")
def config(repository: Path) -> Config:
    return load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"], [REFERENCE])


@pytest.fixture
def packed(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Untrained weights of smoke size, packed into a folder of the test's own; the scale that they were packed from."""
    place, block = Place(tmp_path / "made", "long"), config.environments.simple_shapes.representation
    hashes = {}
    for name in VAES:
        path = place.path(layout.VAE, env="simple_shapes", domain=name)
        save_domain(path, make_domain("simple_shapes", name, block.vae[name]))
        Record("train_vae", "long", {}, []).write(path, updates=7, rows=9)
        hashes[name] = hash_file(path)
    path = place.path(layout.WORKSPACE, env="simple_shapes", kind="gw")
    save_workspace(path, make_workspace({name: block.vae[name].latent for name in VAES}, block.workspace), "gw", hashes)
    Record("train_workspace", "long", {}, []).write(path, updates=8)
    monkeypatch.setattr(layout, "REFERENCE", tmp_path / "packed")
    reference.pack(tmp_path / "made/results/long")
    return tmp_path / "made/results/long"


def run(stage: str, config: Config, place: Place, **wildcards: str) -> None:
    settings = stage_settings(stage, config, env="simple_shapes", **wildcards)
    importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())


def test_stages_take_what_was_packed_and_it_works_as_a_representation(
    config: Config, packed: Path, tmp_path: Path
) -> None:
    place = Place(tmp_path / "used", "smoke")
    for name in VAES:
        run("train_vae", config, place, domain=name)
    run("train_workspace", config, place, kind="gw")
    vaes = {name: place.path(layout.VAE, env="simple_shapes", domain=name) for name in VAES}
    workspace = place.path(layout.WORKSPACE, env="simple_shapes", kind="gw")
    load_representation(vaes, workspace)  # refuses a workspace of other VAEs
    manifest = verify(vaes["v"])
    assert manifest["results"]["updates"] == 7
    assert manifest["results"]["reference"]["scale"] == "long"
    assert list(manifest["inputs"].values()) == [hash_file(vaes["v"])]


def test_half_precision_changes_a_decoded_picture_by_less_than_a_level(packed: Path) -> None:
    whole = load_domain(packed / "simple_shapes/vae/v/weights.safetensors")
    half = load_domain(layout.REFERENCE / "simple_shapes/vae/v.safetensors")
    u = torch.randn(16, whole.latent)
    assert (whole.decode(u) - half.decode(u)).abs().max() < 1 / 255
    assert (layout.REFERENCE / "simple_shapes/vae/v.safetensors").stat().st_size < 0.6 * (
        packed / "simple_shapes/vae/v/weights.safetensors"
    ).stat().st_size


def test_another_form_than_the_settings_ask_for_is_refused(
    config: Config, repository: Path, packed: Path, tmp_path: Path
) -> None:
    place = Place(tmp_path / "used", "smoke")
    other = load(
        [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"],
        [REFERENCE, "environments.simple_shapes.representation.vae.v.latent=12"],
    )
    with pytest.raises(UserError, match=r"simple_shapes/vae/v have latent 10, the settings ask for 12; set it to 10"):
        run("train_vae", other, place, domain="v")
    other = load(
        [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"],
        [REFERENCE, "environments.simple_shapes.representation.domains=[attr, v, mask]"],
    )
    with pytest.raises(
        UserError, match=r"gw have domains \['attr', 'v'\], the settings ask for \['attr', 'mask', 'v'\]"
    ):
        run("train_workspace", other, place, kind="gw")
    assert not (tmp_path / "used").exists()


def test_a_domain_that_is_not_packaged_is_trained(config: Config, packed: Path) -> None:
    taken = stage_settings("train_vae", config, env="simple_shapes", domain="v")
    trained = stage_settings("train_vae", config, env="simple_shapes", domain="mask")
    assert isinstance(taken, TrainVAEStage)
    assert isinstance(trained, TrainVAEStage)
    assert (taken.reference, taken.data) == (True, [])
    assert not trained.reference
    assert trained.data


def test_an_environment_without_any_packaged_weights_is_refused(repository: Path) -> None:
    with pytest.raises(UserError, match=r"robodesk\.representation\.reference: the package has no weights of robodesk"):
        load([repository / "config.yaml"], [REFERENCE.replace("simple_shapes", "robodesk")])


def test_damaged_weights_are_not_taken(config: Config, packed: Path, tmp_path: Path) -> None:
    path = layout.REFERENCE / "simple_shapes/workspace/gw.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"gw\.safetensors are damaged; install the package again"):
        run("train_workspace", config, Place(tmp_path / "used", "smoke"), kind="gw")


def test_an_empty_scale_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no VAE and no workspace"):
        reference.pack(tmp_path)


def test_what_comes_with_the_package_is_whole_and_small() -> None:
    index = json.loads(packaged.index().read_text())
    assert {"simple_shapes/vae/v", "simple_shapes/vae/attr", "simple_shapes/workspace/gw"} <= set(index)
    for name in index:
        path, _ = reference.reference(name)
        assert path.is_file()
    assert sum(path.stat().st_size for path in layout.REFERENCE.rglob("*.safetensors")) <= 16 * 2**20


def test_what_comes_with_the_package_fits_the_default_scale(repository: Path, tmp_path: Path) -> None:
    config, place = load([repository / "config.yaml"], [REFERENCE]), Place(tmp_path, "default")
    for name in VAES:
        run("train_vae", config, place, domain=name)
    vaes = {name: place.path(layout.VAE, env="simple_shapes", domain=name) for name in VAES}
    for kind in ("gw", "clip"):
        run("train_workspace", config, place, kind=kind)
        load_representation(vaes, place.path(layout.WORKSPACE, env="simple_shapes", kind=kind))
