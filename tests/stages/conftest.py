"""A representation of Simple Shapes at smoke size, untrained: enough for whatever measures one."""

import importlib

import pytest

from gwpipe import layout
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import save_workspace


class Measured:
    """A folder with VAEs, workspaces and a reader, in which measuring stages may run."""

    def __init__(self, place, config):
        self.place, self.config = place, config

    def run(self, stage):
        settings = stage_settings(stage, self.config)
        importlib.import_module(f"gwpipe.stages.{stage}").run(settings, self.place, Machine())

    def path(self, pattern):
        return self.place.path(pattern)


@pytest.fixture(scope="session")
def measured(repository, tmp_path_factory):
    config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"])
    place = Place(tmp_path_factory.mktemp("measured"), config.scale)
    block = config.environments.simple_shapes.representation
    for name in ("v", "attr"):
        domain = make_domain("simple_shapes", name, block.vae[name], block.seed)
        save_domain(place.path(layout.VAE, env="simple_shapes", domain=name), domain)
    for seed, kind in enumerate(block.workspace.kinds):
        workspace = make_workspace({name: block.vae[name].latent for name in ("v", "attr")}, block.workspace, seed)
        save_workspace(place.path(layout.WORKSPACE, env="simple_shapes", kind=kind), workspace, kind)
    made = Measured(place, config)
    made.run("train_reader")
    return made
