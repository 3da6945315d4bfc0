"""Policies that act."""

import gymnasium
import numpy as np

from gwpipe.data.acting import Actor, RandomPolicy
from gwpipe.envs.robodesk import RoboDesk
from gwpipe.settings.representation import SourceSettings


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


def test_held_actions_last_for_1_to_hold_decisions_and_a_hold_of_1_draws_nothing_more() -> None:
    box = gymnasium.spaces.Box(-1, 1, (5,), np.float32)
    held, plain = RandomPolicy(box, hold=4), RandomPolicy(box)
    held.reset(np.random.default_rng(0))
    drawn = np.stack([held.act() for _ in range(4000)])
    changes = np.flatnonzero((drawn[1:] != drawn[:-1]).any(1))
    counts = np.bincount(np.diff(changes), minlength=5)
    assert counts[0] == 0
    assert len(counts) == 5
    assert abs(counts[1:] - 400).max() < 80
    plain.reset(np.random.default_rng(1))
    rng = np.random.default_rng(1)
    for _ in range(3):
        np.testing.assert_array_equal(plain.act(), rng.uniform(box.low, box.high).astype(np.float32))


def test_a_new_episode_drops_the_action_that_was_held() -> None:
    box = gymnasium.spaces.Box(-1, 1, (5,), np.float32)
    policy = RandomPolicy(box, hold=50)
    first = []
    for _ in range(2):
        policy.reset(np.random.default_rng(3))
        first.append(policy.act())
        policy.act()
    np.testing.assert_array_equal(*first)


def test_a_data_set_may_begin_its_episodes_anywhere() -> None:
    def blind(**settings: int) -> RoboDesk:
        return RoboDesk(observe=("attributes",), **settings)

    first = {}
    for hand in ("start", "anywhere"):
        source = SourceSettings(task="push_green", policy="random", rows=9, episode_decisions=2, hand=hand)
        episodes = Actor(blind, source, seed=4)(range(3))
        assert [len(episode["reward"]) for episode in episodes] == [3, 3, 3]
        first[hand] = np.stack([episode["attributes"][0] for episode in episodes])
    np.testing.assert_array_equal(first["start"][:, 21:], first["anywhere"][:, 21:])
    assert (abs(first["start"][:, :7] - first["anywhere"][:, :7]).max(1) > 0.2).all()
