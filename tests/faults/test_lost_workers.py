"""Worker processes of a collection that are killed, and a collection that is killed and leaves workers behind."""

import contextlib
import os
import random
import signal
import time

import harness
import pytest

from gwpipe import stopping
from gwpipe.artefact import hash_path

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor: no worker processes"),
]

ROWS = "representation.data=[{task: centre, policy: random, rows: 12000, episode_decisions: 60}]"
CASE = harness.Case("collect", harness.CASES["collect"].wildcards, harness.CASES["collect"].target, (ROWS,))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Hash of what one process collects."""
    root = tmp_path_factory.mktemp("whole")
    harness.finish(CASE.words(root), root / "told.log")
    return hash_path(CASE.artefact(root))


@pytest.fixture
def root(copied):
    """Where the data set is to be made."""
    harness.without(CASE.artefact(copied))
    return copied


def words(root):
    return [*CASE.words(root), "--threads", "2"]


def begun(root):
    """Has a chunk of the data set been stored?"""
    target = CASE.artefact(root)
    return any((target.parent / f".{target.name}.scratch").rglob("committed.json"))


def kill_workers(root, told, rng, kills, after):
    """Collect, and kill a worker now and then, the first when `after` says so; how many the stage noticed."""
    process = harness.start(words(root), told)
    killed = set()
    while process.exitcode is None:
        workers = [worker for worker in harness.workers_of(process) if worker not in killed]
        if workers and len(killed) < kills and after():
            killed.add(worker := rng.choice(workers))
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
            time.sleep(rng.uniform(0.0, 0.5))
        time.sleep(0.01)
    process.join()
    return process.exitcode, told.read_text().count("a worker process was lost")


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_workers_are_replaced(root, whole, tmp_path, fault, kills):
    before, told, rng = harness.good_artefacts(root), tmp_path / "told.log", random.Random(kills)
    met = 0
    while met < kills:
        # The stage may be done before all are killed: then from the beginning.
        harness.without(CASE.artefact(root))
        code, noticed = kill_workers(root, told, rng, min(kills - met, 2), lambda: begun(root))
        assert code == 0, told.read_text()
        assert hash_path(CASE.artefact(root)) == whole
        met += noticed
    fault("kill -9 of a worker process, collect", met, len(harness.lost(before, root)))


@pytest.mark.slow
def test_workers_that_die_again_and_again_end_the_stage(root, whole, tmp_path, fault):
    before, told = harness.good_artefacts(root), tmp_path / "told.log"
    code, noticed = kill_workers(root, told, random.Random(0), 100, lambda: True)
    assert (code, noticed >= 2) == (2, True), told.read_text()
    assert "3 worker processes were lost at episode" in harness.one_line(told)
    assert not CASE.artefact(root).exists()
    harness.finish(CASE.words(root), told)
    assert hash_path(CASE.artefact(root)) == whole
    fault("worker processes that die again and again", 1, len(harness.lost(before, root)))


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_no_worker_outlives_the_stage(root, whole, tmp_path, fault, number):
    before, told = harness.good_artefacts(root), tmp_path / "told.log"
    process = harness.start(words(root), told)
    while not begun(root):
        assert process.exitcode is None, told.read_text()
        time.sleep(0.01)
    workers = harness.workers_of(process)
    assert len(workers) == 2
    if number == signal.SIGTERM:  # as a cluster does: to all of them
        for worker in workers:
            os.kill(worker, number)
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == (stopping.EXIT_CODE if number == signal.SIGTERM else -number)
    for _ in range(500):
        if not any(harness.alive(worker) for worker in workers):
            break
        time.sleep(0.01)
    else:
        raise AssertionError("a worker is left")
    assert "lost" not in told.read_text()
    assert not CASE.artefact(root).exists()
    harness.finish(CASE.words(root), told)
    assert "goes on from row" in told.read_text()
    assert hash_path(CASE.artefact(root)) == whole
    fault(f"{number.name} of a stage with worker processes", 1, len(harness.lost(before, root)))
