"""Policies that act."""

import gymnasium
import numpy as np

from gwpipe.data.acting import RandomPolicy


def test_random_policy_is_uniform_over_both_kinds_of_space() -> None:
    discrete = RandomPolicy(gymnasium.spaces.Discrete(7))
    discrete.reset(np.random.default_rng(0))
    counts = np.bincount([discrete.act() for _ in range(7000)], minlength=7)
    assert abs(counts - 1000).max() < 150
    box = RandomPolicy(gymnasium.spaces.Box(-1, 1, (5,), np.float32))
    box.reset(np.random.default_rng(0))
    drawn = np.stack([box.act() for _ in range(2000)])
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(0), 0, atol=0.06)
    np.testing.assert_allclose(drawn.std(0), 1 / np.sqrt(3), atol=0.02)
