from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pandas as pd
import pytest

from gwpipe.errors import UserError
from gwpipe.evaluation import curves
from gwpipe.evaluation.random_policy import RandomPolicy, random_return
from gwpipe.evaluation.rollouts import evaluator, rollout
from gwpipe.settings.agents import EvaluationSettings


class Bandit(gymnasium.Env[dict[str, np.ndarray], np.int64]):
    """Reward = action; success where it is 3; ends after 5 decisions, or terminates on action 4."""

    action_repeat: ClassVar[int] = 1
    resets: ClassVar[list[int | None]] = []

    def __init__(self) -> None:
        self.observation_space = gymnasium.spaces.Dict({"attributes": gymnasium.spaces.Box(0, 1, (1,), np.float32)})
        self.action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        self.resets.append(seed)
        self.t = 0
        return {"attributes": np.zeros(1, np.float32)}, {}

    def step(self, action: np.int64):
        self.t += 1
        ended = int(action) == 4
        observation = {"attributes": np.array([self.t / 5], np.float32)}
        return observation, float(action), ended, self.t == 5 and not ended, {"success": int(action) == 3}


class Script:
    """Plays a list of actions; remembers how it was asked."""

    def __init__(self, actions: list[int]) -> None:
        self.actions, self.asked, self.begun = actions, [], []

    def begin(self, n: int, seed: int | None = None) -> None:
        self.begun.append((n, seed))

    def act(self, observations, is_first, mode="sample"):
        self.asked.append((observations["attributes"].shape, bool(is_first[0]), mode))
        return np.array([self.actions.pop(0)])


def test_returns_successes_and_lengths() -> None:
    actor = Script([1, 2, 3, 3, 0, 3, 4])
    played = rollout(actor, [Bandit()], 2, seed=0, mode="greedy")
    assert (played.returns, played.success_counts, played.lengths) == ([9.0, 7.0], [2, 1], [5, 2])
    assert [first for _, first, _ in actor.asked] == [True, False, False, False, False, True, False]
    assert {(shape, mode) for shape, _, mode in actor.asked} == {((1, 1), "greedy")}
    assert len(actor.begun) == 1
    assert actor.begun[0][1] is not None


def test_episodes_repeat_with_the_seed_and_differ_among_themselves() -> None:
    seeds = []
    for seed in (1, 1, 2):
        Bandit.resets.clear()
        rollout(Script([0] * 15), [Bandit()], 3, seed, "sample")
        seeds.append(list(Bandit.resets))
    assert seeds[0] == seeds[1]
    assert len({*seeds[0], *seeds[2]}) == 6


class Clock:
    """Acts by what it is shown: 4, which ends the episode, at a time of the episode's own; notes how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[bool], list[float]]] = []

    def begin(self, n: int, seed: int | None = None) -> None:
        self.n = n

    def act(self, observations, is_first, mode="sample"):
        assert len(is_first) == len(observations["attributes"]) == self.n
        self.asked.append((is_first.tolist(), observations["attributes"][:, 0].tolist()))
        return np.array([4 if shown[0] >= shown[1] else 3 for shown in observations["attributes"]])


class Timed(Bandit):
    """Shows the time and, beside it, a time that its seed chooses."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        shown, info = super().reset(seed=seed)
        self.own = self.np_random.integers(5) / 5
        return {"attributes": np.array([*shown["attributes"], self.own])}, info

    def step(self, action: np.int64):
        shown, *rest = super().step(action)
        return {"attributes": np.array([*shown["attributes"], self.own])}, *rest


@pytest.mark.parametrize("together", [2, 3, 7, 8])
def test_episodes_are_the_same_whatever_is_played_beside_them(together: int) -> None:
    alone, beside = Clock(), Clock()
    expected = rollout(alone, [Timed()], 7, seed=0, mode="greedy")
    assert len(set(expected.lengths)) > 2
    assert rollout(beside, [Timed() for _ in range(together)], 7, seed=0, mode="greedy") == expected
    begun = [first for first, _ in beside.asked if any(first)]
    assert begun == [[True] * together] * -(-7 // together), "all begin together"


def test_evaluator_measures_the_mean_return_over_the_same_episodes() -> None:
    evaluate = evaluator(Bandit(), EvaluationSettings(episodes=2, every=10, mode="greedy"), seed=3)
    Bandit.resets.clear()
    assert evaluate(Script([1] * 5 + [2] * 5), 10) == {"eval_return": 7.5}
    assert evaluate(Script([0] * 10), 20) == {"eval_return": 0.0}
    assert Bandit.resets[:2] == Bandit.resets[2:]


def test_random_return_has_the_known_mean_and_error() -> None:
    result = random_return(Bandit, 400, seed=0)
    # Five draws from 0..3: mean 7.5, variance 5 · 1.25, so the error of 400 episodes is 0.125.
    assert result.episodes == 400
    assert abs(result.mean - 7.5) < 0.5
    assert result.se == pytest.approx(0.125, rel=0.15)
    assert random_return(Bandit, 20, seed=1) == random_return(Bandit, 20, seed=1)
    assert random_return(Bandit, 20, seed=1) != random_return(Bandit, 20, seed=2)


def test_random_policy_acts_for_n() -> None:
    policy = RandomPolicy(gymnasium.spaces.Box(-1, 1, (5,)))
    policy.begin(3, seed=0)
    assert policy.act({}, np.ones(3, dtype=bool)).shape == (3, 5)


WHOSE = {"env": "simple_shapes", "task": "centre", "method": "gw_dreamer", "seed": 0}
ROWS = [
    {"step": 100, "metric": "train_return", "value": -2000.125},
    {"step": 100, "metric": "success_count", "value": 0.0},
    {"step": 200, "metric": "train_return", "value": 1 / 3},
]


def test_curves_survive_the_disk_bit_by_bit(tmp_path: Path) -> None:
    frame = curves.tidy(ROWS, **WHOSE)
    assert tuple(frame.columns) == curves.COLUMNS
    curves.write(frame, tmp_path / "curve.csv")
    pd.testing.assert_frame_equal(curves.read(tmp_path / "curve.csv"), frame, check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="seed"), "columns are"),
        (lambda frame: frame.assign(metric="retrun"), "unknown metric retrun"),
        (lambda frame: frame.assign(value=[1.0, float("nan"), 2.0]), "1 rows lack"),
        (lambda frame: frame.assign(value=[1.0, "much", 2.0]), "a value is no number"),
        (lambda frame: pd.concat([frame, frame]), "do not increase"),
    ],
)
def test_wrong_curves_are_refused(change, message: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    change(curves.tidy(ROWS, **WHOSE)).to_csv(path, index=False)
    with pytest.raises(UserError, match=message):
        curves.read(path)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.csv cannot be read"):
        curves.read(tmp_path / "nowhere.csv")
