import subprocess
import sys

from gwpipe.seeding import derive, numpy_generator, torch_generator


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
