"""The criterion: smoothing, when it exists, and medians with censored runs."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from gwpipe.errors import UserError
from gwpipe.evaluation.criterion import Criterion, RandomReturns, find_criterion, held, on_windows, smoothed

RANDOM = RandomReturns(mean=-2000.0, se=10.0, episodes=100)


def curve(method: str, seed: int, returns: list[float], episode: int = 100) -> pd.DataFrame:
    rows = [
        ("simple_shapes", "centre", method, seed, (k + 1) * episode, "train_return", value)
        for k, value in enumerate(returns)
    ]
    return pd.DataFrame(rows, columns=["env", "task", "method", "seed", "step", "metric", "value"])


def learner(start: int, length: int = 40, low: float = -2000.0, high: float = -400.0) -> list[float]:
    """Random until episode `start`, then `high` throughout."""
    return [low] * start + [high] * (length - start)


def find(*curves: pd.DataFrame, random: RandomReturns = RANDOM, floor: float = 1000.0) -> Criterion:
    return find_criterion(
        pd.concat(curves), random, env="simple_shapes", task="centre", fraction=0.75, window=10, floor=floor
    )


def test_smoothing_has_no_value_before_the_window_is_full() -> None:
    values = np.arange(12, dtype=float)
    np.testing.assert_allclose(smoothed(values, 10), [4.5, 5.5, 6.5])
    assert len(smoothed(values[:9], 10)) == 0
    np.testing.assert_allclose(smoothed(values, 1), values)


def test_steps_are_counted_at_the_episode_that_fills_the_window() -> None:
    # 8 of 10 episodes at 1,600 above random are the first trailing mean of at least 0.75 × 1,600
    result = find(curve("gw_dreamer", 0, learner(start=20)))
    assert result.exists
    assert result.best == pytest.approx(1600)
    assert result.threshold == pytest.approx(1200)
    assert result.methods["gw_dreamer"].steps == (20 + 8) * 100
    assert result.methods["gw_dreamer"].legible == "2800"


def test_exactly_the_threshold_counts() -> None:
    result = find_criterion(
        curve("m", 0, [-2000.0] * 10 + [-1000.0] * 10 + [0.0] * 10),
        RANDOM,
        env="simple_shapes",
        task="centre",
        fraction=0.5,
        window=10,
        floor=1000.0,
    )
    assert result.threshold == 1000.0
    assert result.methods["m"].steps == 2000


def test_median_over_seeds_with_one_censored_run() -> None:
    result = find(
        curve("gw_dreamer", 0, learner(20)), curve("gw_dreamer", 1, learner(10)), curve("gw_dreamer", 2, learner(40))
    )
    method = result.methods["gw_dreamer"]
    assert [run.steps for run in method.runs] == [2800, 1800, None]
    assert (method.steps, method.beyond) == (2800, None)


def test_median_on_a_censored_run_is_censored() -> None:
    result = find(
        curve("gw_dreamer", 0, learner(10)),
        curve("vae_dreamer", 0, learner(20)),
        curve("vae_dreamer", 1, learner(40)),
        curve("vae_dreamer", 2, [-2000.0] * 50),
    )
    method = result.methods["vae_dreamer"]
    assert (method.steps, method.beyond, method.legible) == (None, 4000, ">4000")
    assert len(method.runs) == 3


def test_half_of_two_runs_is_not_a_median_that_arrived() -> None:
    result = find(
        curve("gw_dreamer", 0, learner(10)), curve("vae_dreamer", 0, learner(20)), curve("vae_dreamer", 1, learner(40))
    )
    assert result.methods["vae_dreamer"].legible == ">4000"


def test_best_is_the_median_over_seeds_and_the_best_among_methods() -> None:
    result = find(
        curve("gw_dreamer", 0, learner(20, high=0.0)),
        curve("gw_dreamer", 1, learner(20, high=-500.0)),
        curve("gw_dreamer", 2, learner(20, high=-800.0)),
        curve("clip_dreamer", 0, learner(20, high=-600.0)),
    )
    assert (result.best_method, result.best_seed, result.best) == ("gw_dreamer", 1, pytest.approx(1500))
    assert result.methods["clip_dreamer"].best == pytest.approx(1400)


def test_no_criterion_below_the_floor() -> None:
    result = find(curve("gw_dreamer", 0, learner(20, high=-1001.0)))
    assert not result.exists
    assert result.threshold is None
    assert "floor" in result.reason
    assert result.methods["gw_dreamer"].legible == ""


def test_no_criterion_from_one_lucky_episode() -> None:
    returns = [-2000.0] * 30
    returns[15] = 30_000.0
    result = find(curve("gw_dreamer", 0, returns))
    assert result.best == pytest.approx(3200)
    assert "standard errors" in result.reason
    assert not result.exists


def test_no_criterion_within_the_random_policys_own_spread() -> None:
    # Ten alike episodes have no spread of their own; the random policy's still counts: 5 × 4000 / sqrt(10) > 1600
    result = find(curve("gw_dreamer", 0, learner(20)), random=RandomReturns(-2000.0, 400.0, 100))
    assert not result.exists


def test_standard_error_is_that_of_a_difference_of_means() -> None:
    returns = [-2000.0] * 20 + [-400.0 + 300.0 * (-1) ** k for k in range(10)]
    result = find(curve("gw_dreamer", 0, returns))
    spread = np.std([300.0, -300.0] * 5, ddof=1)
    assert result.best_se == pytest.approx(math.sqrt(spread**2 / 10 + 10.0**2))


def test_fewer_episodes_than_the_window_prove_nothing() -> None:
    result = find(curve("gw_dreamer", 0, [0.0] * 9))
    assert not result.exists
    assert result.best is None
    assert result.methods["gw_dreamer"].runs[0].best is None
    assert result.reason == "no run has 10 episodes"


def test_short_run_beside_a_long_one_is_censored() -> None:
    result = find(curve("gw_dreamer", 0, learner(10)), curve("vae_dreamer", 0, [0.0] * 5))
    assert result.methods["vae_dreamer"].legible == ">500"


def test_other_tasks_metrics_and_order_do_not_matter() -> None:
    wanted = curve("gw_dreamer", 0, learner(20))
    other = curve("gw_dreamer", 0, [9999.0] * 40)
    mixed = pd.concat([other.assign(task="another"), wanted.iloc[::-1], other.assign(metric="eval_return")])
    assert find(mixed) == find(wanted)


def test_json_round_trip() -> None:
    result = find(curve("gw_dreamer", 0, learner(20)), curve("vae_dreamer", 0, learner(40)))
    assert Criterion.from_json(json.loads(json.dumps(result.to_json()))) == result


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        (curve("m", 0, [0.0]).drop(columns="step"), "no column 'step'"),
        (curve("m", 0, [0.0]).assign(task="another"), "no train_return for simple_shapes, centre"),
        (curve("m", 0, [0.0, math.nan]), "not a finite number"),
    ],
)
def test_bad_curves_are_refused_in_one_line(curves: pd.DataFrame, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        find(curves)
    assert "\n" not in str(raised.value)


def test_a_lucky_window_does_not_hold_and_is_none_of_a_longer_one() -> None:
    steady = curve("steady", 0, learner(start=20, length=80))
    lucky = curve("lucky", 0, [-2000.0] * 20 + [-400.0] * 10 + [-2000.0] * 50)
    result = find(steady, lucky)
    assert result.methods["lucky"].steps == result.methods["steady"].steps == 2800
    together = pd.concat([steady, lucky])
    # Windows of 10 reach 1,200 with 8 of the good episodes: those that end at episodes 28 to 32, of 28 to 80.
    assert held(together, result) == {"steady": [1.0], "lucky": [pytest.approx(5 / 53)]}
    longer = on_windows(together, result, 30)
    assert longer["steady"].steps == (20 + 23) * 100
    assert longer["lucky"].steps is None
    assert longer["lucky"].beyond == 8000


def test_nothing_holds_where_nobody_arrived() -> None:
    late = curve("late", 0, learner(start=38))
    result = find(curve("early", 0, learner(start=20)), late)
    assert held(pd.concat([curve("early", 0, learner(start=20)), late]), result)["late"] == []
    none = find(late, floor=5000.0)
    assert held(late, none) == {"late": []}
    assert on_windows(late, none, 30)["late"].legible == ""
