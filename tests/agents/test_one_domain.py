"""Agents that see one domain through a workspace, and what they see after turning to another."""

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
import torch

from gwpipe.agents.one_domain import OneDomain
from gwpipe.agents.registry import make_agent
from gwpipe.errors import UserError
from gwpipe.evaluation.transfer import turned
from gwpipe.representations import ConcatenatedVAEs, GlobalWorkspace
from gwpipe.settings.methods import METHODS
from gwpipe.settings.ppo import PPOSettings
from gwpipe.workspace.workspace import Workspace


class Reading(torch.nn.Module):
    """A domain that shows two numbers of its observation, and counts how often it is asked."""

    latent = 2

    def __init__(self, observation):
        super().__init__()
        self.observation, self.asked = observation, 0

    def encode(self, observations):
        self.asked += 1
        return torch.from_numpy(observations.reshape(len(observations), -1)[:, :2].astype(np.float32))


@pytest.fixture
def vaes():
    return {"attr": Reading("attributes"), "v": Reading("image")}


@pytest.fixture
def whole(vaes):
    torch.manual_seed(0)
    return GlobalWorkspace(vaes, Workspace(dict.fromkeys(vaes, 2), 5, 8, 1))


@pytest.fixture
def shown():
    rng = np.random.default_rng(0)
    return {"attributes": rng.normal(size=(3, 2)).astype(np.float32), "image": rng.random((3, 2, 2, 3))}


def _settings(method, small):
    return (
        small
        if METHODS[method].learning == "dreaming"
        else PPOSettings(n_steps=8, batch_size=4, n_epochs=1, discount=0.9, lr=1e-3)
    )


def test_nothing_else_is_encoded_and_it_has_all_the_weight(whole, vaes, shown):
    seen = OneDomain(whole, "attr")
    u = seen.encode(shown)
    assert set(u) == set(seen.domains) == {"attr"}
    assert vaes["v"].asked == 0
    assert torch.equal(seen.fuse(u), whole.fuse(whole.encode(shown), {"attr": 1.0}))
    assert (seen.dim, seen.bounded, seen.frozen) == (whole.dim, whole.bounded, whole.frozen)


def test_attending_to_another_domain_changes_that_alone(whole, shown):
    seen = OneDomain(whole, "attr")
    seen.attend("v")
    assert torch.equal(seen.fuse(seen.encode(shown)), whole.fuse(whole.encode(shown), {"v": 1.0}))
    assert set(whole.vaes) == {"attr", "v"}
    assert whole.default_weights == {"attr": 0.5, "v": 0.5}
    with pytest.raises(UserError, match="the workspace has no domain 'atr'; did you mean 'attr'"):
        seen.attend("atr")


ALONE = [name for name, line in METHODS.items() if line.only]


@pytest.mark.parametrize("method", ALONE)
def test_an_agent_acts_on_its_domain_alone(method, whole, vaes, shown, small):
    line = METHODS[method]
    seen = whole if line.workspace else ConcatenatedVAEs({line.only: vaes[line.only]})
    agent = make_agent(method, seen, gymnasium.spaces.Discrete(3), _settings(method, small), 0)
    assert set(agent.representation.domains) == {line.only}
    agent.begin(3, seed=1)
    before = agent.act(shown, np.ones(3, bool), "greedy")
    other = {"attr": "image", "v": "attributes"}[line.only]
    agent.begin(3, seed=1)
    changed = agent.act({**shown, other: shown[other] + 9}, np.ones(3, bool), "greedy")
    assert np.array_equal(before, changed)
    assert sum(vae.asked for name, vae in vaes.items() if name != line.only) == 0


@pytest.mark.parametrize("method", ["gw_dreamer_attr", "gw_ppo_v"])
def test_a_policy_turns_to_every_other_domain_and_back(method, whole, vaes, shown, small):
    agent = make_agent(method, whole, gymnasium.spaces.Discrete(3), _settings(method, small), 0)
    trained = SimpleNamespace(agent=agent, representation=agent.representation, settings=SimpleNamespace(method=method))
    seen = []
    for domain, actor in turned(trained):
        before = {name: vae.asked for name, vae in vaes.items()}
        actor.begin(3, seed=1)
        actor.act(shown, np.ones(3, bool), "greedy")
        assert {name for name, vae in vaes.items() if vae.asked > before[name]} == {domain}
        seen.append(domain)
    own = METHODS[method].only
    assert seen == [own, *({"attr", "v"} - {own})]
    assert set(agent.representation.domains) == {own}


def test_a_policy_on_one_vae_has_nowhere_to_turn(vaes, small):
    alone = ConcatenatedVAEs({"v": vaes["v"]})
    agent = make_agent("vae_dreamer_v", alone, gymnasium.spaces.Discrete(3), small, 0)
    trained = SimpleNamespace(agent=agent, representation=alone, settings=SimpleNamespace(method="vae_dreamer_v"))
    assert [domain for domain, _ in turned(trained)] == ["v"]
