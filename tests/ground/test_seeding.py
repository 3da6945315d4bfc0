import subprocess
import sys

import numpy as np

from gwpipe.seeding import derive, numpy_generator, row_draws, torch_generator


def test_a_name_gives_one_seed_in_every_process():
    code = "from gwpipe.seeding import derive; print(derive('episode', 3))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) == derive("episode", 3)


def test_names_do_not_run_into_each_other():
    seeds = {derive("a", 12), derive("a1", 2), derive("a", 1, 2), derive("a", "12 "), derive("b", 12)}
    assert len(seeds) == 5


def test_seeds_fit_every_generator():
    for k in range(100):
        numpy_generator("x", k).random()
        torch_generator("x", k)


def test_a_row_draws_the_same_wherever_it_stands():
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    draws = row_draws(rows, "caption", 0)
    assert draws.shape == (4, 16)
    np.testing.assert_array_equal(row_draws(rows[::-1], "caption", 0), draws[::-1])
    assert row_draws(rows[1:2], "caption", 0).tolist() == draws[1:2].tolist()
    assert (row_draws(rows, "caption", 1) != draws).mean() > 0.9
    assert draws[0, :3].tolist() == [6462, 37672, 36587]


def test_row_draws_are_uniform():
    draws = row_draws(np.arange(2000, dtype=np.float32)[:, None], "x") / 65536
    assert np.abs(draws.mean(0) - 0.5).max() < 0.03
    assert np.abs(np.corrcoef(draws.T) - np.eye(16)).max() < 0.1
