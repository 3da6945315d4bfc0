"""At the paper's widths every stage starts and takes at least one step on a CPU; only budgets and batches are cut."""

import importlib
import json

import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings

CUT = [
    "environment.episode_decisions=20",
    "representation.holdout=0.2",
    *(
        f"representation.vae.{domain}.optimisation.{key}"
        for domain in ("v", "attr")
        for key in ("steps=1", "batch_size=4")
    ),
    "representation.workspace.optimisation.steps=1",
    "representation.workspace.optimisation.batch_size=16",
    "agents.evaluation.episodes=1",
    "agents.dreaming.batch_size=4",
]
DATA = {
    "simple_shapes": "[{task: centre, policy: random, rows: 60, episode_decisions: 1}]",
    "robodesk": "[{task: push_green, policy: random, rows: 60}, {task: push_green, policy: expert, rows: 60}]",
}
STEPS = {"simple_shapes": 60, "robodesk": 600}


@pytest.mark.parametrize("env", DATA)
def test_every_stage_takes_a_step(repository, tmp_path, env):
    cuts = [f"environments.{env}.{cut}" for cut in CUT]
    cuts += [f"environments.{env}.representation.data={DATA[env]}", f"environments.{env}.agents.env_steps={STEPS[env]}"]
    config = load([repository / "config.yaml", repository / "workflow/scales/paper.yaml"], cuts)
    place = Place(tmp_path, config.scale)
    task = config.environments[env].agents.task

    def run(stage, **chosen):
        settings = stage_settings(stage, config, None, env=env, **chosen)
        importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())

    sources = [
        {"task": source.task, "policy": source.policy} for source in config.environments[env].representation.data
    ]
    for source in sources:
        run("collect", **source)
    for domain in ("v", "attr"):
        run("train_vae", domain=domain)
    for source in sources:
        for domain in ("v", "attr"):
            run("cache_latents", domain=domain, **source)
    for kind in ("gw", "clip"):
        run("train_workspace", kind=kind)
    run("random_policy", task=task)
    run("train_agent", task=task, method="gw_dreamer", seed=0)
    weights = place.path(layout.AGENT, env=env, task=task, method="gw_dreamer", seed=0)
    assert verify(weights)["results"]["updates"] >= 1
    assert verify(place.path(layout.VAE, env=env, domain="v"))["results"]["updates"] == 1
    assert json.loads(place.path(layout.RANDOM, env=env, task=task).read_text())["episodes"] >= 100
