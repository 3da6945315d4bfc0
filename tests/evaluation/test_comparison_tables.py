"""What the tables of noise and transfer make of the episodes."""

import pandas as pd
import pytest

from gwpipe.evaluation import noise_table, transfer_table
from gwpipe.evaluation.criterion import Criterion, RandomReturns

WHOSE = {"scale": "s", "seed": 0}


@pytest.fixture
def criterion():
    return Criterion(
        "simple_shapes", "centre", 0.75, 10, 1.0, RandomReturns(-200.0, 1.0, 100), 100.0, "a", 0, 1.0, True, "", 75.0,
        {},
    )  # fmt: skip


def _episodes(labels, base):
    return [
        {**labels, **WHOSE, "agent_seed": seed, "episode": episode, "return": base + 10 * (-1) ** episode}
        for seed in (0, 1)
        for episode in (0, 1)
    ]


def _noise(method, weights, rule, disturbed, kind, strength, base):
    names = ("method", "weights", "rule", "disturbed", "kind", "strength")
    return _episodes(dict(zip(names, (method, weights, rule, disturbed, kind, strength))), base)


def test_noise_is_measured_by_the_same_agents_undisturbed(criterion):
    rows = [
        *_noise("a", "told", None, "image", "any", None, -110),
        *_noise("a", "untold_equal", None, "nothing", "none", 0.0, -100),
        *_noise("a", "untold_equal", None, "image", "patch", 0.5, -150),
        *_noise("a", "untold_learned", "static", "nothing", "none", 0.0, -120),
        *_noise("a", "untold_learned", "static", "image", "patch", 0.5, -125),
        *_noise("b", "as_trained", None, "nothing", "none", 0.0, -300),
    ]
    table = noise_table.summary(pd.DataFrame(rows), criterion)
    assert list(table.columns) == list(noise_table.SUMMARY)
    assert list(table["mean"]) == [90, 100, 50, 80, 75, -100]
    assert list(table["share_of_clean"][:5]) == pytest.approx([0.9, 1.0, 0.5, 0.8, 0.75])
    assert pd.isna(table["share_of_clean"][5]), "no share of what is worse than random"
    assert list(table["rule"]) == ["", "", "", "static", "static", ""]
    assert list(table["unit"].fillna("")) == [
        "",
        "",
        "side, share of the picture's",
        "",
        "side, share of the picture's",
        "",
    ]
    assert list(table["above_criterion"]) == [True, True, False, True, True, False]


def test_a_table_without_any_rule_survives_the_disk(criterion, tmp_path):
    rows = [
        *_noise("b", "as_trained", None, "nothing", "none", 0.0, -100),
        *_noise("b", "as_trained", None, "attributes", "gaussian", 1.0, -150),
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "noise.csv", index=False)
    table = noise_table.summary(pd.read_csv(tmp_path / "noise.csv"), criterion)
    assert list(table["rule"]) == ["", ""]
    assert list(table["unit"].fillna("")) == ["", "SD of each attribute"]


def test_transfer_is_measured_by_the_domain_of_training(criterion):
    rows = [
        *_episodes({"method": "a", "trained_on": "attr", "acting_on": "attr"}, -100),
        *_episodes({"method": "a", "trained_on": "attr", "acting_on": "v"}, -120),
        *_episodes({"method": "b", "trained_on": "v", "acting_on": "v"}, -150),
    ]
    table = transfer_table.summary(pd.DataFrame(rows), criterion)
    assert list(table.columns) == list(transfer_table.SUMMARY)
    assert list(table["share_of_own"]) == pytest.approx([1.0, 0.8, 1.0])
    assert list(table["sem"]) == pytest.approx([10.0] * 3)
    assert list(table["above_criterion"]) == [True, True, False]
