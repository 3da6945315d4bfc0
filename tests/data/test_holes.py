"""Holes: rows lie in them where both attributes do."""

import colorsys
from itertools import combinations

import numpy as np
import pytest

from gwpipe.data.holes import RANGES, Hole, draw_hole, in_hole
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.quality import OutOfDistributionSettings


def rows(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([sample_attributes(rng) for _ in range(count)])


def test_given_ranges_by_hand() -> None:
    raw = np.array([[1, 7, 7, 9, 0, 10, 20, 30], [1, 7, 7, 10, 0, 10, 20, 30], [0, 7, 7, 9, 0, 10, 20, 30]])
    hole = Hole({"shape": ((1, 1),), "size": ((7, 9),)})
    assert in_hole(normalise(raw), hole).tolist() == [True, False, False]
    place = Hole({"shape": ((1, 1),), "position": ((7, 8), (8, 9))})
    assert not in_hole(normalise(raw), place).any()


def test_circles_go_round() -> None:
    turned = np.array([[0, 7, 7, 9, np.deg2rad(angle), 255, 0, 0] for angle in (350, 10, 30, 180)])
    hole = Hole({"rotation": ((340, 20),), "shape": ((0, 0),)})
    assert in_hole(normalise(turned), hole).tolist() == [True, True, False, False]


def test_hue_is_that_of_the_standard_library() -> None:
    raw = rows(300)
    hues = np.array([360 * colorsys.rgb_to_hls(*(row[5:] / 255))[0] for row in raw])
    hole = Hole({"colour": ((100, 200),), "shape": ((0, 2),)})
    clear = (np.abs(hues - 100) > 1) & (np.abs(hues - 200) > 1)
    np.testing.assert_array_equal(in_hole(normalise(raw), hole)[clear], ((hues >= 100) & (hues <= 200))[clear])


@pytest.mark.parametrize("seed", range(8))
def test_drawn_holes_take_about_a_ninth(seed: int) -> None:
    hole = draw_hole(seed)
    assert len(hole.ranges) == 2
    assert draw_hole(seed) == hole
    inside = in_hole(normalise(rows(3000)), hole)
    assert 0.05 < inside.mean() < 0.2


@pytest.mark.parametrize("share", [0.05, 0.9])
def test_no_hole_of_a_share_that_settings_allow_takes_all_rows(share: float) -> None:
    attributes = normalise(rows(2000))
    holes = [draw_hole(seed, share) for seed in range(100)]
    assert {frozenset(hole.ranges) for hole in holes} == set(map(frozenset, combinations(RANGES, 2)))
    assert all(not in_hole(attributes, hole).all() for hole in holes)
    assert OutOfDistributionSettings(share=share).share == share


def test_the_share_above_which_a_hole_may_take_all_rows() -> None:
    attributes = normalise(rows(2000))
    assert any(in_hole(attributes, draw_hole(seed, 0.95)).all() for seed in range(40))


def test_seeds_differ_and_all_kinds_come() -> None:
    kinds = {kind for seed in range(30) for kind in draw_hole(seed).ranges}
    assert kinds == set(RANGES)


@pytest.mark.parametrize(
    "ranges",
    [{}, {"shape": ((0, 0),)}, {"shape": ((0, 0),), "weight": ((0, 1),)}, {"shape": ((0, 0),), "position": ((7, 9),)}],
)
def test_impossible_holes_are_refused(ranges: dict) -> None:
    with pytest.raises(UserError, match="hole"):
        Hole(ranges)
    with pytest.raises(UserError, match="hole"):
        draw_hole(0, 1.0)
