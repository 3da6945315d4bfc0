"""train_workspace: pictures on request, beside the log, and the same weights with them as without."""

import importlib
import json

import pytest

from gwpipe import layout
from gwpipe.artefact import hash_file, manifest_path
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings


@pytest.fixture(scope="module")
def place(smoke_config, tmp_path_factory):
    """A folder with data, VAEs as they were initialised, and their latents."""
    place = Place(tmp_path_factory.mktemp("train_workspace"), smoke_config.scale)
    block = smoke_config.environments.simple_shapes.representation
    run(smoke_config, place, "collect", task="centre", policy="random")
    for name in block.domains:
        path = place.path(layout.VAE, env="simple_shapes", domain=name)
        save_domain(path, make_domain("simple_shapes", name, block.vae[name]))
        run(smoke_config, place, "cache_latents", task="centre", policy="random", domain=name)
    return place


def run(config, place, stage, machine=None, **chosen):
    settings = stage_settings(stage, config, None, env="simple_shapes", **chosen)
    importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, machine or Machine())


def test_pictures_lie_beside_the_log_and_change_nothing(smoke_config, place):
    made = []
    for every in (0, 10):
        run(smoke_config, place, "train_workspace", Machine(pictures_every=every), kind="gw")
        path = place.path(layout.WORKSPACE, env="simple_shapes", kind="gw")
        made.append((hash_file(path), json.loads(manifest_path(path).read_text())["identity"]))
    assert made[0] == made[1]
    folder = place.root / "logs/smoke/train_workspace/simple_shapes_gw"
    assert sorted(file.name for file in folder.iterdir()) == ["step000010.png", "step000020.png"]


def test_pictures_need_the_vaes_of_the_latents(smoke_config, place):
    path = place.path(layout.VAE, env="simple_shapes", domain="attr")
    before = path.read_bytes()
    block = smoke_config.environments.simple_shapes.representation
    save_domain(path, make_domain("simple_shapes", "attr", block.vae["attr"], seed=1))
    try:
        with pytest.raises(UserError, match="'attr' come from other weights"):
            run(smoke_config, place, "train_workspace", Machine(pictures_every=10), kind="clip")
        run(smoke_config, place, "train_workspace", kind="clip")
    finally:
        path.write_bytes(before)
