"""A representation of Simple Shapes at smoke size, untrained: enough for whatever measures one."""

import importlib

import pytest

from gwpipe import layout
from gwpipe.artefact import Record
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


class Compared:
    """A folder in which agents of Simple Shapes are trained and compared, on representations that know nothing yet."""

    env, task = "simple_shapes", "centre"

    def __init__(self, place, config):
        self.place, self.config = place, config
        block = config.environments.simple_shapes.representation
        latents = {}
        for name, settings in block.seen.items():
            latents[name] = settings.latent
            path = self.path(layout.VAE, domain=name)
            save_domain(path, make_domain(self.env, name, settings, block.seed))
            self.declare(path)
        for seed, kind in enumerate(block.workspace.kinds):
            path = self.path(layout.WORKSPACE, kind=kind)
            save_workspace(path, make_workspace(latents, block.workspace, seed), kind)
            self.declare(path)

    def path(self, pattern, **wildcards):
        return self.place.path(pattern, env=self.env, **wildcards)

    def declare(self, artefact, inputs=()):
        """A manifest for what no stage made."""
        Record("train_vae", "smoke", {}, inputs).write(artefact)

    def run(self, stage, **chosen):
        settings = stage_settings(stage, self.config, None, **chosen)
        importlib.import_module(f"gwpipe.stages.{stage}").run(settings, self.place, Machine())

    def of_task(self, stage, **chosen):
        self.run(stage, env=self.env, task=self.task, **chosen)


@pytest.fixture(scope="session")
def make_compared(repository, tmp_path_factory):
    """Such a folder at smoke scale, with these overrides of the configuration."""

    def make(*overrides):
        config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"], overrides)
        return Compared(Place(tmp_path_factory.mktemp("compared"), config.scale), config)

    return make
