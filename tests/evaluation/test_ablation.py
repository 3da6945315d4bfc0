"""What an agent is shown when a modality is removed, and what the table makes of the episodes."""

from types import SimpleNamespace

import gymnasium
import numpy as np
import pandas as pd
import pytest
import torch

from gwpipe.errors import UserError
from gwpipe.evaluation.ablation import blanks, without
from gwpipe.evaluation.ablation_table import summary
from gwpipe.evaluation.criterion import Criterion, RandomReturns
from gwpipe.evaluation.random_views import random_views
from gwpipe.representations import ConcatenatedVAEs, GlobalWorkspace
from gwpipe.workspace.workspace import Workspace


class Reading(torch.nn.Module):
    """A domain that shows the mean of its observation, twice."""

    latent = 2

    def __init__(self, observation: str) -> None:
        super().__init__()
        self.observation = observation

    def encode(self, observations: np.ndarray) -> torch.Tensor:
        mean = torch.from_numpy(observations.reshape(len(observations), -1).mean(1, dtype=np.float64)).float()
        return torch.stack([mean, mean], 1)


class Told:
    """An agent that keeps what it is shown, and the z that it would act on."""

    def __init__(self, representation=None) -> None:
        self.representation = representation
        self.begun = None

    def begin(self, n, seed=None):
        self.begun = (n, seed)

    def act(self, observations, is_first, mode="sample"):
        self.shown = observations
        if self.representation is not None:
            with torch.no_grad():
                self.z = self.representation.fuse(self.representation.encode(observations))
        return np.zeros(len(is_first), np.int64)


def _trained(representation=None):
    return SimpleNamespace(
        agent=Told(representation), representation=representation, settings=SimpleNamespace(method="a_method")
    )


VAES = {"attr": "attributes", "v": "image", "mask": "image"}


@pytest.fixture
def seen():
    rng = np.random.default_rng(0)
    return {
        "attributes": rng.normal(size=(3, 4)).astype(np.float32),
        "image": rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8),
    }


def _act(trained, removed, seen, blank):
    actor = without(trained, removed, blank)
    actor.begin(3, 5)
    actor.act(seen, np.zeros(3, bool), "greedy")
    assert trained.agent.begun == (3, 5)
    return trained.agent


BLANK = {"image": np.zeros((8, 8, 3), np.uint8), "attributes": np.full(4, 0.5, np.float32)}


def test_a_workspace_gives_all_weight_to_what_remains(seen):
    torch.manual_seed(0)
    vaes = {name: Reading(observation) for name, observation in VAES.items()}
    workspace = Workspace(dict.fromkeys(vaes, 2), 5, 8, 1)
    representation = GlobalWorkspace(vaes, workspace)
    trained = _trained(representation)
    u = representation.encode(seen)
    for removed, weights in (
        ("image", {"attr": 1.0}),
        ("attributes", {"v": 0.5, "mask": 0.5}),
        (None, dict.fromkeys(vaes, 1 / 3)),
    ):
        agent = _act(trained, removed, seen, BLANK)
        assert set(agent.shown) == {"attributes", "image"} - {removed}
        with torch.no_grad():
            torch.testing.assert_close(agent.z, workspace.fuse(u, weights))


def test_concatenated_latents_become_zero(seen):
    representation = ConcatenatedVAEs({name: Reading(observation) for name, observation in VAES.items()})
    trained = _trained(representation)
    whole = _act(trained, None, seen, BLANK).z.clone()
    blind = _act(trained, "image", seen, BLANK).z
    assert torch.equal(blind[:, :2], whole[:, :2])
    assert not blind[:, 2:].any()
    assert torch.equal(_act(trained, None, seen, BLANK).z, whole), "nothing of an ablation stays"


def test_raw_observations_are_replaced(seen):
    trained = _trained()
    agent = _act(trained, "attributes", seen, BLANK)
    assert list(agent.shown) == list(seen)
    assert np.array_equal(agent.shown["attributes"], np.full((3, 4), 0.5, np.float32))
    assert agent.shown["image"] is seen["image"]
    dark = _act(trained, "image", seen, BLANK).shown
    assert dark["image"].shape == seen["image"].shape
    assert not dark["image"].any()
    assert without(trained, None, BLANK) is trained.agent


def test_the_only_modality_cannot_be_removed():
    trained = _trained(ConcatenatedVAEs({"attr": Reading("attributes")}))
    with pytest.raises(UserError, match="a_method sees nothing but 'attributes'"):
        without(trained, "attributes", BLANK)


def test_the_stand_ins_are_black_and_the_mean_of_what_the_random_policy_sees():
    env = gymnasium.make("gwpipe/SimpleShapes-v0", task="centre", episode_decisions=30)
    found = blanks(random_views(env, 40, seed=0))
    assert found["image"].shape == (32, 32, 3)
    assert not found["image"].any()
    attributes = found["attributes"]
    assert attributes[:3].sum() == pytest.approx(1, abs=1e-5), "shares of the three classes"
    assert np.abs(attributes[3:7] - [0, 0, 0, 0]).max() < 0.4
    np.testing.assert_array_equal(attributes, blanks(random_views(env, 40, seed=0))["attributes"])
    env.close()


def test_the_summary_is_above_random_and_knows_the_criterion():
    whose = {"scale": "s", "seed": 0}
    rows = [
        {"method": method, "agent_seed": seed, "removed": removed, "episode": k, "return": base + 10 * (-1) ** k}
        | whose
        for method, removed, base in (("a", "nothing", -100), ("a", "image", -150), ("b", "nothing", -190))
        for seed in (0, 1)
        for k in range(2)
    ]  # fmt: skip
    found = Criterion(
        "simple_shapes", "centre", 0.75, 10, 1.0, RandomReturns(-200.0, 1.0, 100), 100.0, "a", 0, 1.0, True, "", 75.0,
        {},
    )  # fmt: skip
    table = summary(pd.DataFrame(rows), found).set_index(["method", "removed"])
    assert table.loc[("a", "nothing"), "mean"] == pytest.approx(100)
    assert table.loc[("a", "image"), "share_of_bimodal"] == pytest.approx(0.5)
    assert table.loc[("a", "image"), "sem"] == pytest.approx(10), "two episodes, whatever the number of seeds"
    assert list(table["above_criterion"]) == [True, False, False]
    assert set(table["episodes"]) == {4}
    assert set(table["seeds"]) == {2}
