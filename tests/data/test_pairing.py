"""Rows by combination of domains: the amounts hold, sets nest, and what is never paired never meets."""

import numpy as np
import pytest

from gwpipe.data.pairing import draw_groups, groups_of, read_amounts, unpair
from gwpipe.errors import UserError
from gwpipe.settings.representation import PairingSettings

V, ATTR, T = frozenset({"v"}), frozenset({"attr"}), frozenset({"t"})
PAIR = V | ATTR


def test_shares_and_counts_hold_and_pairs_count_for_their_domains() -> None:
    groups = draw_groups(1000, {V: 1.0, ATTR: 0.5, PAIR: 0.01}, seed=0)
    assert {names: len(index) for names, index in groups.items()} == {V: 1000, ATTR: 500, PAIR: 10}
    for names in (V, ATTR):
        assert set(groups[PAIR]) <= set(groups[names])
        assert len(set(groups[names])) == len(groups[names])
    assert len(draw_groups(1000, {V: 300, PAIR: 20}, 0)[V]) == 300


def test_the_largest_set_counts_for_all_below_it() -> None:
    groups = draw_groups(1000, {V: 0.2, PAIR: 0.1, V | ATTR | T: 50}, seed=0)
    assert set(groups[V | ATTR | T]) < set(groups[PAIR]) < set(groups[V])
    assert len(groups[PAIR]) == 100


def test_rows_depend_on_the_seed_alone() -> None:
    amounts = {V: 0.5, ATTR: 0.5, PAIR: 0.1}
    first = draw_groups(500, amounts, 0)
    again = draw_groups(500, dict(reversed(amounts.items())), 0)
    other = draw_groups(500, amounts, 1)
    for names in amounts:
        np.testing.assert_array_equal(first[names], again[names])
        assert set(first[names]) != set(other[names])


def test_more_pairs_contain_the_fewer() -> None:
    few, many = (draw_groups(500, {PAIR: n}, 0)[PAIR] for n in (20, 200))
    assert set(few) < set(many)


def test_groups_are_not_aligned_with_each_other() -> None:
    groups = draw_groups(1000, {V: 1.0, ATTR: 1.0, PAIR: 0.3}, seed=0)
    assert (groups[V] == groups[ATTR]).mean() < 0.02
    # The pairs are spread over the list, so that its first rows are no pairs either.
    assert 0.2 < np.isin(groups[V][:300], groups[PAIR]).mean() < 0.4


def test_amounts_as_settings_write_them() -> None:
    assert read_amounts({"v": 1.0, "v+attr": 0.01}) == {V: 1.0, PAIR: 0.01}
    for wrong in ({"v+": 1.0}, {"v+v": 1.0}, {"v+attr": 1.0, "attr+v": 0.5}):
        with pytest.raises(UserError, match="pairing"):
            read_amounts(wrong)


@pytest.mark.parametrize(
    "amounts", [{V: 0.0}, {V: -1}, {V: 1001}, {V: 2.5}, {V: 0.0001}, {V: 0.01, PAIR: 0.1}, {frozenset(): 1.0}]
)
def test_impossible_amounts_are_refused(amounts: dict) -> None:
    with pytest.raises(UserError, match="pairing"):
        draw_groups(1000, amounts, 0)


def test_unpaired_domains_never_share_a_row_not_even_through_a_third() -> None:
    amounts = {V: 1.0, T: 1.0, V | ATTR: 0.6, ATTR | T: 0.6, V | ATTR | T: 0.2}
    groups = draw_groups(1000, amounts, 0)
    parted = unpair(groups, "v", "t", 1000, 0)
    assert not any({"v", "t"} <= names for names in parted)
    with_v = {row for names, index in parted.items() if "v" in names and len(names) > 1 for row in index}
    with_t = {row for names, index in parted.items() if "t" in names and len(names) > 1 for row in index}
    assert with_v
    assert with_t
    assert not with_v & with_t
    assert len(parted[V]) == len(parted[T]) == 1000
    assert all(len(set(index)) == len(index) for index in parted.values())


def test_a_pair_that_is_unpaired_is_two_domains_alone() -> None:
    parted = unpair({PAIR: np.arange(100)}, "v", "attr", 100, 0)
    assert set(parted) == {V, ATTR}
    assert sorted([*parted[V], *parted[ATTR]]) == list(range(100))
    assert len(parted[V]) == 50


def test_other_groups_stay_as_they_are() -> None:
    groups = {V | ATTR: np.arange(50), ATTR | T: np.arange(50), V | frozenset({"s"}): np.arange(50)}
    parted = unpair({**groups, ATTR | frozenset({"s"}): np.arange(7)}, "v", "t", 50, 0)
    np.testing.assert_array_equal(parted[ATTR | frozenset({"s"})], np.arange(7))


@pytest.mark.parametrize("pair", [("v", "v"), ("v", "sound")])
def test_what_cannot_be_unpaired_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="unpair"):
        unpair({PAIR: np.arange(5)}, *pair, 5, 0)


def test_settings_draw_and_unpair() -> None:
    plain = groups_of(100, PairingSettings(amounts={"v": 1.0, "v+attr": 0.1}), 0)
    drawn = draw_groups(100, {V: 1.0, PAIR: 0.1}, 0)
    assert set(plain) == set(drawn)
    np.testing.assert_array_equal(plain[PAIR], drawn[PAIR])
    parted = groups_of(100, PairingSettings(amounts={"v+attr+t": 1.0}, unpair=("v", "t")), 0)
    assert set(parted) == {V | ATTR, ATTR | T}
