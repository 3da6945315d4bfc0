"""train_agent: it closes what it opens, and a run that cannot end well leaves nothing behind."""

import gymnasium
import pytest
import torch

from gwpipe import layout
from gwpipe.artefact import read_manifest
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.evaluation import curves
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import train_agent

RUN = {"env": "simple_shapes", "task": "centre", "method": "vae_dreamer", "seed": 0}


@pytest.fixture
def train(repository, tmp_path):
    """Train on untrained VAEs at smoke scale, with overrides below `agents`."""

    def run(*overrides, compiled=False, method=RUN["method"]):
        wildcards = RUN | {"method": method}
        files = [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"]
        config = load(files, [f"environments.simple_shapes.agents.{override}" for override in overrides])
        place = Place(tmp_path, config.scale)
        for name, settings in config.environments.simple_shapes.representation.seen.items():
            domain = make_domain("simple_shapes", name, settings)
            save_domain(place.path(layout.VAE, env="simple_shapes", domain=name), domain)
        train_agent.run(stage_settings("train_agent", config, None, **wildcards), place, Machine(compiled=compiled))
        return place.path(layout.AGENT, **wildcards).parent

    return run


def test_environments_side_by_side_give_one_curve(train):
    folder = train("dreaming.environments=2", "env_steps=120", "dreaming.batch_length=10", "dreaming.batch_size=4")
    curve = curves.read(folder / "curve.csv")
    assert (curve["metric"] == "train_return").sum() >= 2
    manifest = read_manifest(folder / "weights.safetensors")
    assert manifest["settings"]["learning"]["environments"] == 2
    assert manifest["results"]["episodes"] % 2 == 0


def test_graphs_are_asked_for_and_recorded(train, monkeypatch):
    ran, translate = [], torch.compile

    def traced(loss, **options):
        return translate(
            loss, **{**options, "backend": lambda graph, inputs: ran.append(loss.__name__) or graph.forward}
        )

    monkeypatch.setattr(torch, "compile", traced)
    for compiled in (False, True):
        cuts = ["env_steps=80", "dreaming.prefill=20", f"dreaming.batch_length={8 + compiled}", "dreaming.batch_size=4"]
        folder = train(*cuts, compiled=compiled)
        assert read_manifest(folder / "weights.safetensors")["results"]["compiled"] == compiled
        assert ran == ["world_model_update_loss", "actor_critic_update_loss"] * compiled


def test_ppo_has_no_graphs_and_says_so(train, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    folder = train("ppo.n_steps=16", "ppo.batch_size=8", "env_steps=80", compiled=True, method="vae_ppo")
    assert read_manifest(folder / "weights.safetensors")["results"]["compiled"] is False


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("dreaming.batch_length=20000", "batch_length (20000)"),
        ("dreaming.prefill=20000", "prefill (20000)"),
        ("dreaming={environments: 2, prefill: 20000}", "environments (2)"),
        ("dreaming.env_steps_per_update=20000", "env_steps_per_update (20000)"),
    ],
)
def test_a_budget_without_an_update_is_refused_and_leaves_nothing(train, tmp_path, override, named):
    with pytest.raises(UserError, match="no update in env_steps") as caught:
        train(override)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path.parents[1].name for path in tmp_path.rglob("*") if path.is_file()} == {"vae"}


def test_a_run_that_diverges_names_its_learning_rates_and_writes_no_weights(train, tmp_path):
    message = (
        r"train_agent simple_shapes centre vae_dreamer seed 0, step \d+: .*world_model_lr \(1e\+38\) or actor_critic_lr"
    )
    with pytest.raises(UserError, match=message):
        train("dreaming.world_model_lr=1e38")
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".csv" or "manifest" in path.name]
    assert not list(tmp_path.rglob("vae_dreamer/seed0/weights*"))


@pytest.fixture
def settings(repository):
    agents = "environments.simple_shapes.agents"
    cuts = [f"{agents}.env_steps=40", f"{agents}.evaluation.episodes=1", f"{agents}.dreaming.prefill=20"]
    config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"], cuts)
    return stage_settings("train_agent", config, env="simple_shapes", task="centre", method="vae_dreamer", seed=0)


def test_every_environment_is_closed(measured, settings, monkeypatch):
    opened, closed = [], []
    make = gymnasium.make

    class Watched(gymnasium.Wrapper):
        def close(self):
            closed.append(self)
            super().close()

    def watch(*words, **settings):
        opened.append(Watched(make(*words, **settings)))
        return opened[-1]

    monkeypatch.setattr(gymnasium, "make", watch)
    train_agent.run(settings, measured.place, Machine())
    assert len(opened) == 2, "one to train in, one to be measured in"
    assert {*map(id, closed)} == {*map(id, opened)}
