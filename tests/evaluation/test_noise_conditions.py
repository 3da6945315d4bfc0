"""Which weights an agent fuses with while it is told what fails, is not told, and lets a learned rule choose."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gwpipe.errors import UserError
from gwpipe.evaluation.noise import Noise, usual
from gwpipe.evaluation.noise_conditions import Weighing, conditions, noises, weighings
from gwpipe.representations import ConcatenatedVAEs, GlobalWorkspace
from gwpipe.settings.methods import METHODS
from gwpipe.workspace.selection.fixed import Single
from gwpipe.workspace.selection.precision import Precision
from gwpipe.workspace.workspace import Workspace


class Reading(torch.nn.Module):
    """A domain that shows the mean of its observation, twice."""

    latent = 2

    def __init__(self, observation):
        super().__init__()
        self.observation = observation

    def encode(self, observations):
        mean = torch.from_numpy(observations.reshape(len(observations), -1).mean(1, dtype=np.float64)).float()
        return torch.stack([mean, mean], 1)


class Acting:
    """An agent that keeps what its workspace is asked to fuse, and with which weights."""

    def __init__(self, representation=None):
        self.representation = representation

    def begin(self, n, seed=None):
        pass

    def act(self, observations, is_first, mode="sample"):
        self.shown = observations
        if self.representation is not None:
            self.u = self.representation.encode(observations)
            with torch.no_grad():
                self.representation.fuse(self.u)
        return np.zeros(len(is_first), np.int64)


class Watched(GlobalWorkspace):
    """A workspace that notes how it is weighed."""

    def __init__(self, vaes):
        torch.manual_seed(0)
        super().__init__(vaes, Workspace(dict.fromkeys(vaes, 2), 5, 8, 1))
        fuse = self.workspace.fuse
        self.weighed = None

        def noting(u, weights=None):
            self.weighed = weights
            return fuse(u, weights)

        self.workspace.fuse = noting


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    attributes = rng.normal(size=(30, 4)).astype(np.float32)
    return {"image": rng.integers(0, 256, (30, 8, 8, 3), dtype=np.uint8), "attributes": attributes}


def _trained(method, representation=None):
    settings = SimpleNamespace(method=method)
    return SimpleNamespace(agent=Acting(representation), representation=representation, settings=settings)


def _every(trained, views, disturbances, selections=None):
    """(labels, the agent after one decision's weights and latents) of every condition."""
    seen = {name: value[:1] for name, value in views.items()}
    found = []
    for labels, actor in conditions(trained, views, usual(views), disturbances, selections or {}, 0):
        actor.begin(1, 5)
        actor.act(seen, np.array([True]), "greedy")
        weighed = getattr(trained.representation, "weighed", None)
        found.append((labels, weighed, getattr(trained.agent, "u", None), trained.agent.shown))
    return found


NOISY = [Noise("image", "gaussian", 50.0), Noise("attributes", "missing", 1.0)]
DOMAINS = {"attr": Reading("attributes"), "v": Reading("image")}


def test_told_untold_and_learned(views):
    representation = Watched(DOMAINS)
    trained = _trained("gw_dreamer", representation)
    rule = Single("attr")
    found = _every(trained, views, NOISY, {"single": rule})
    clean = representation.encode({name: value[:1] for name, value in views.items()})
    labels = [
        tuple(labels[name] for name in ("weights", "rule", "disturbed", "kind", "strength")) for labels, *_ in found
    ]
    assert labels == [
        ("told", None, "attributes", "any", None),
        ("told", None, "image", "any", None),
        ("untold_equal", None, "nothing", "none", 0.0),
        ("untold_equal", None, "image", "gaussian", 50.0),
        ("untold_equal", None, "attributes", "missing", 1.0),
        ("untold_learned", "single", "nothing", "none", 0.0),
        ("untold_learned", "single", "image", "gaussian", 50.0),
        ("untold_learned", "single", "attributes", "missing", 1.0),
    ]
    weighed = [weights for _, weights, *_ in found]
    assert weighed[:5] == [{"v": 1.0}, {"attr": 1.0}, *[{"attr": 0.5, "v": 0.5}] * 3]
    assert weighed[5:] == [rule] * 3
    for (weights, _, disturbed, _, _), (_, _, u, _) in zip(labels, found):
        gone = {"attributes": "attr", "image": "v"}.get(disturbed)
        if weights == "told":
            assert gone not in u, "told: it is not even encoded"
        else:
            assert set(u) == {"attr", "v"}
        for domain in set(u) - {gone}:
            assert torch.equal(u[domain], clean[domain])
        if weights != "told" and gone:
            assert not torch.equal(u[gone], clean[gone]), "untold: what is disturbed is encoded"
    assert representation.selection is None
    assert representation.default_weights == {"attr": 0.5, "v": 0.5}


def test_agents_without_a_workspace_stay_as_trained(views):
    for method, representation in (("vae_dreamer", ConcatenatedVAEs(DOMAINS)), ("ppo", None)):
        found = _every(_trained(method, representation), views, NOISY, {"single": Single("attr")})
        assert [labels["weights"] for labels, *_ in found] == ["as_trained"] * 3
        assert not np.allclose(found[2][3]["attributes"][0], views["attributes"][0])


def test_who_may_be_weighed_how():
    rules = ["static", "precision"]
    told, equal = Weighing("told"), Weighing("untold_equal")
    learned = [Weighing("untold_learned", rule) for rule in rules]
    as_trained = [Weighing("as_trained")]
    for method in METHODS:
        expected = {
            "gw_dreamer": [told, equal, *learned],
            "gw_ppo": [told, equal, *learned],
            "clip_dreamer": [told, equal],
            "clip_ppo": [told, equal],
            "gw_dreamer_e2e": [told, equal],
        }.get(method, as_trained)
        assert weighings(method, rules) == expected, method


def test_a_rule_of_another_size_is_refused(views):
    trained = _trained("gw_dreamer", Watched(DOMAINS))
    rule = Precision({"attr": 2, "v": 2}, dim=7, hidden=4)
    with pytest.raises(UserError, match="rule 'precision' was not learned on a workspace like that of gw_dreamer"):
        _every(trained, views, NOISY, {"precision": rule})


def test_every_configured_strength_is_one_noise():
    found = noises({"image": {"blur": [1, 2], "patch": []}, "attributes": {"gaussian": [0.5]}})
    assert found == [("image", "blur", 1), ("image", "blur", 2), ("attributes", "gaussian", 0.5)]
