import numpy as np
import pytest
import torch

from gwpipe.errors import UserError
from gwpipe.workspace.groups import as_groups, complement, subsets, take

DOMAINS = ("v", "attr", "t")


def test_subsets_and_complement() -> None:
    assert subsets(("v", "attr")) == [("v",), ("attr",), ("v", "attr")]
    assert len(subsets(("a", "b", "c", "d"))) == 15
    assert complement(DOMAINS, ("attr",)) == ("v", "t")


def test_latents_of_all_domains_are_one_group_in_the_order_of_the_workspace() -> None:
    u = {"attr": torch.ones(3, 2), "v": torch.zeros(3, 4)}
    assert list(as_groups(u, DOMAINS)) == [("v", "attr")]
    assert list(as_groups(u, DOMAINS)["v", "attr"]) == ["v", "attr"]


def test_groups_may_be_named_by_any_set() -> None:
    u = {"attr": torch.ones(3, 2), "v": torch.zeros(3, 4)}
    groups = as_groups({frozenset({"attr", "v"}): u, ("v",): u}, DOMAINS)
    assert list(groups) == [("v", "attr"), ("v",)]
    assert list(groups["v",]) == ["v"]


def test_rows_are_taken_by_set_of_domains() -> None:
    u = {"v": torch.arange(6.0).reshape(3, 2), "attr": torch.arange(3.0).reshape(3, 1), "t": torch.zeros(3, 1)}
    taken = take(u, {frozenset({"v", "attr"}): np.array([2, 0]), frozenset({"v"}): np.array([1, 2])})
    assert {names: sorted(latents) for names, latents in taken.items()} == {
        frozenset({"v", "attr"}): ["attr", "v"],
        frozenset({"v"}): ["v"],
    }
    assert taken[frozenset({"v", "attr"})]["attr"].flatten().tolist() == [2, 0]
    assert set(as_groups(taken, DOMAINS)) == {("v", "attr"), ("v",)}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "at least one group"),
        ({("v", "sound"): {"v": torch.ones(1, 1)}}, "sound"),
        ({("v", "t"): {"v": torch.ones(1, 1)}}, "no latents of t"),
        ({("v", "t"): {"v": torch.ones(2, 1), "t": torch.ones(3, 1)}}, "equally many rows"),
        ({("v",): {"v": torch.ones(0, 1)}}, "at least two"),
        ({("v",): {"v": torch.ones(1, 1)}}, "at least two"),
        (
            {("v", "t"): {"v": torch.ones(2, 1), "t": torch.ones(2, 1)}}
            | {frozenset("vt"): {"v": torch.ones(2, 1), "t": torch.ones(2, 1)}},
            "twice",
        ),
    ],
)
def test_unusable_groups_are_refused(groups: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        as_groups(groups, DOMAINS)
