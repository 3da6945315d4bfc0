"""collect: the code that acted is part of the data set's identity."""

import numpy as np
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.data.episodes import open_episodes
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.config import resolve
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import collect, train_agent


class Recorded(Exception):
    """Ends the stage where its record begins."""


@pytest.fixture
def taught(smoke_config):
    """A configuration whose expert data are a trained Dreamer's."""
    raw = smoke_config.model_dump(mode="json")
    push = {"task": "push_green", "policy": "dreamer_100m", "rows": 20, "action_noise": 0.1, "random_prefix": 2}
    raw["environments"]["robodesk"]["representation"]["data"][1] = push | {"agent_seed": 3}
    raw["environments"]["robodesk"]["agents"] |= {"env_steps": 120, "evaluation": {"episodes": 1, "every": 120}}
    return resolve(raw)


def test_a_trained_agent_collects_as_an_expert_does(taught, tmp_path):
    place = Place(tmp_path, "smoke")
    which = {"env": "robodesk", "task": "push_green"}
    settings = stage_settings("collect", taught, policy="dreamer_100m", **which)
    with pytest.raises(UserError, match=r"agents/push_green/dreamer_100m/seed3/weights.safetensors"):
        collect.run(settings, place, Machine())
    train_agent.run(stage_settings("train_agent", taught, method="dreamer_100m", seed=3, **which), place, Machine())
    path = place.path(layout.DATA, policy="dreamer_100m", **which)
    hashes = []
    for threads in (1, 2):
        collect.run(settings, place, Machine(threads=threads))
        manifest = verify(path)
        hashes.append(manifest["sha256"])
        assert list(manifest["inputs"]) == [
            "results/smoke/robodesk/agents/push_green/dreamer_100m/seed3/weights.safetensors"
        ]
    assert hashes[0] == hashes[1], "however many processes act"
    actions = open_episodes(path).load("action")
    assert actions.shape[1] == 5
    assert np.abs(actions).max() <= 1
    assert len(np.unique(actions, axis=0)) > 15, "the agent samples, and its actions are noisy"


def test_agents_that_see_latents_cannot_collect_and_nobody_trains_what_is_not_asked(taught):
    raw = taught.model_dump(mode="json")
    source = "environments.robodesk.representation.data"
    with pytest.raises(
        UserError, match=r"policy 'gw_dreamer' cannot collect: it sees latents, .* choose one of random, expert"
    ):
        resolve(raw, [f"{source}=[{{task: push_green, policy: gw_dreamer, rows: 60}}]"])
    with pytest.raises(UserError, match=r"policy 'exprt' cannot collect; did you mean 'expert'"):
        resolve(raw, [f"{source}=[{{task: push_green, policy: exprt, rows: 60}}]"])
    with pytest.raises(UserError, match="task 'stack' of robodesk is not configured"):
        stage_settings("train_agent", taught, env="robodesk", task="stack", method="dreamer_100m", seed=3)


@pytest.mark.parametrize(("policy", "extra"), [("expert", ["gwpipe.experts.push_button"]), ("random", [])])
def test_the_record_names_the_expert_s_module(smoke_config, tmp_path, monkeypatch, policy, extra):
    def record(stage, scale, settings, inputs, modules):
        raise Recorded(modules)

    monkeypatch.setattr(collect, "Record", record)
    settings = stage_settings("collect", smoke_config, env="robodesk", task="push_green", policy=policy)
    with pytest.raises(Recorded) as stopped:
        collect.run(settings, Place(tmp_path, "smoke"), Machine())
    assert stopped.value.args[0] == ["gwpipe.envs.robodesk", *extra]
