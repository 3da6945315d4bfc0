"""What the table of experts says of the episodes played."""

import gymnasium
import numpy as np
import pandas as pd
import pytest

import gwpipe.envs  # noqa: F401 - registers
from gwpipe.errors import UserError
from gwpipe.evaluation.criterion import RandomReturns
from gwpipe.evaluation.expert_success import COLUMNS, ExpertEpisodes, expert_frame, expert_markdown, play_expert

PLAYED = ExpertEpisodes(
    returns=[10.0, 20.0, 30.0, 40.0],
    success_counts=[0, 3, 1, 5],
    first_successes=[None, 4, 6, 5],
    successes_at_end=[False, True, False, True],
    decisions=9,
)


def make_env(task="push_green"):
    return gymnasium.make("gwpipe/RoboDesk-v0", task=task, observe=("attributes",), episode_decisions=6)


def test_each_number_is_what_its_column_says():
    frame = expert_frame({"stack": (PLAYED, RandomReturns(5.0, 0.5, 7))}, action_repeat=4, scale="smoke")
    assert tuple(frame.columns) == COLUMNS
    row = frame.iloc[0].to_dict()
    assert row["success_ever"] == 0.75
    assert row["success_at_end"] == 0.5
    assert row["median_first_success"] == 5
    assert row["success_count"] == 2.25
    assert row["return_mean"] == 25.0
    assert row["return_se"] == pytest.approx(np.std([10, 20, 30, 40], ddof=1) / 2)
    assert (row["episodes"], row["decisions"], row["random_episodes"]) == (4, 9, 7)
    assert "| stack | 75% | 50% | 5 | 2 | 25 ± 6 | 5 ± 0 |" in expert_markdown(frame)


def test_an_expert_that_never_succeeds_has_no_first_success():
    never = ExpertEpisodes([1.0, 2.0], [0, 0], [None, None], [False, False], 9)
    frame = expert_frame({"stack": (never, RandomReturns(5.0, 0.5, 7))}, 4, "smoke")
    assert pd.isna(frame.loc[0, "median_first_success"])
    assert "| stack | 0% | 0% | – |" in expert_markdown(frame)


def test_the_same_seed_plays_the_same_episodes_and_another_others():
    first = play_expert(make_env, 2, seed=0)
    assert first == play_expert(make_env, 2, seed=0)
    assert first.decisions == 6
    assert first.returns[0] != first.returns[1]
    assert first.returns != play_expert(make_env, 2, seed=1).returns


def test_a_task_without_an_expert_is_refused():
    env = gymnasium.make("gwpipe/SimpleShapes-v0")
    with pytest.raises(UserError, match="no scripted expert"):
        play_expert(lambda: env, 2, seed=0)
