"""RoboDesk with its package's faults runs through the pipeline: its attributes are narrower."""

import importlib

import pandas as pd

from gwpipe import layout
from gwpipe.domains.catalogue import load_domain
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings

TINY = [
    "environment={upstream: true, episode_decisions: 4}",
    "representation.data=[{task: push_green, policy: random, rows: 40}]",
    "representation.vae.v.optimisation={steps: 2, batch_size: 4}",
    "representation.vae.attr.optimisation={steps: 2, batch_size: 4}",
    "representation.workspace.optimisation={steps: 2, batch_size: 4}",
    "agents.env_steps=64",
    "agents.evaluation.every=64",
    "agents.dreaming={batch_length: 4, env_steps_per_update: 16}",
]
PUSH = {"env": "robodesk", "task": "push_green"}


def test_an_agent_learns_on_upstream_s_attributes(repository, tmp_path):
    overrides = [f"environments.robodesk.{override}" for override in TINY]
    config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"], overrides)
    place = Place(tmp_path, config.scale)

    def run(stage, **wildcards):
        settings = stage_settings(stage, config, None, **wildcards)
        importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())

    run("collect", **PUSH, policy="random")
    for domain in ("v", "attr"):
        run("train_vae", env="robodesk", domain=domain)
        run("cache_latents", **PUSH, policy="random", domain=domain)
    assert load_domain(place.path(layout.VAE, env="robodesk", domain="attr")).describe()["size"] == 73
    run("train_workspace", env="robodesk", kind="gw")
    run("train_agent", **PUSH, method="gw_dreamer", seed=0)
    curve = pd.read_csv(place.path(layout.CURVE, **PUSH, method="gw_dreamer", seed=0))
    assert curve["step"].max() == 64
