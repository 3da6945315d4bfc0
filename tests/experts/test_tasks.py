"""The experts at their tasks."""

import numpy as np
import pytest

from gwpipe.settings.experts import EXPERTS


def test_presses_the_button_and_keeps_it_pressed(play) -> None:
    told = play("push_green", seed=1002, decisions=180)
    first = int(told.argmax())
    assert told.any()
    assert first < 110
    assert told[first:].mean() > 0.95


@pytest.mark.parametrize(
    ("task", "seed", "decisions"),
    [
        ("flat_block_off_table", 5, 130),
        ("upright_block_in_bin", 3, 150),
        ("open_drawer", 32, 110),
        ("ball_in_bin", 4, 220),
        ("ball_in_shelf", 4, 200),
        ("flat_block_in_shelf", 3060, 150),
        ("lift_flat_block", 5, 190),
    ],
)
def test_solves_its_task_for_good(play, task, seed, decisions) -> None:
    told = play(task, seed, decisions, after=10)
    first = int(told.argmax())
    assert told[first:].sum() == 11


def test_a_noisy_expert_still_solves_its_task(play) -> None:
    assert play("push_blue", seed=1, decisions=150, noise=0.3, after=1).any()


@pytest.mark.slow
@pytest.mark.parametrize("task", EXPERTS)
def test_succeeds_on_held_out_starts(play, task) -> None:
    told = [play(task, seed=1000 + seed, decisions=500, after=1) for seed in range(10)]
    assert np.mean([one.any() for one in told]) >= 0.8
