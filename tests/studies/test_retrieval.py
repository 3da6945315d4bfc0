"""Top-1 retrieval, on representations whose neighbours are known."""

import numpy as np
import pytest
import torch

from gwpipe.seeding import torch_generator
from gwpipe.studies.retrieval import retrieval_rows, standard_error, top1


def noise(rows, dim=10, stream="test"):
    return torch.randn(rows, dim, generator=torch_generator(stream))


def test_golden():
    query = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    candidates = torch.tensor([[5.0, 0.1], [1.0, 1.0], [0.0, 3.0]])
    # Row 0 finds its own; rows 1 and 2 find each other's.
    assert top1(query, candidates) == pytest.approx(100 / 3)


def test_length_does_not_count():
    z = noise(50)
    assert top1(z, z * torch.rand(50, 1, generator=torch_generator("length")).add(0.1)) == 100


def test_a_collapsed_space_retrieves_nothing():
    assert top1(noise(50), torch.ones(50, 10)) == 0


def test_unrelated_spaces_retrieve_by_chance():
    assert top1(noise(1000), noise(1000, stream="other")) < 1


def test_rows_of_the_table(shared, collapsed):
    u = {"v": noise(3000), "attr": noise(3000)}
    rows = retrieval_rows(u, {"gw": shared, "clip": collapsed}, 1000, 3)
    found = {(row["kind"], row["route"]): row for row in rows}
    assert len(found) == 4
    for route in ("v->attr", "attr->v"):
        assert found["gw", route]["value"] == 100
        assert found["gw", route]["goal_met"]
        assert found["gw", route]["sem"] == 0
        assert found["gw", route]["bound_constant"] == 0.1
        assert found["clip", route]["value"] == 0
        assert "goal" not in found["clip", route]


def test_few_candidates_cannot_meet_a_goal_for_a_thousand(shared):
    u = {"v": noise(200), "attr": noise(200)}
    assert all("goal" not in row for row in retrieval_rows(u, {"gw": shared}, 100, 2))


def test_directions_differ(shared):
    near, far = noise(300), noise(300, stream="other")
    both = near.clone()
    both[:100] = far[:100]
    rows = {row["route"]: row["value"] for row in retrieval_rows({"v": near, "attr": both}, {"gw": shared}, 300, 1)}
    assert 60 < rows["v->attr"] < 72
    assert 60 < rows["attr->v"] < 72
    assert rows["v->attr"] == pytest.approx(top1(near, both))
    assert rows["attr->v"] == pytest.approx(top1(both, near))


def test_standard_error():
    assert standard_error(np.array([1.0, 2.0, 3.0])) == pytest.approx(1 / np.sqrt(3))
    assert standard_error(np.array([1.0])) is None
