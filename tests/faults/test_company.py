"""Not alone: SIGTERM with a grace period, and a second process that makes the same."""

import os
import signal
import time

import harness
import pytest

from gwpipe import stopping
from gwpipe.artefact import hash_path

pytestmark = pytest.mark.faults


def working(case, root):
    """Has the stage begun to write? Its scratch folder says so."""
    target = case.artefact(root)
    return any((target.parent / f".{target.name}.scratch").rglob("*/*.*"))


def wait(until, process):
    for _ in range(3000):
        if until():
            return
        assert process.exitcode is None
        time.sleep(0.01)
    raise AssertionError("the stage did not begin")


def stop(stage, root, tmp_path, fault):
    case, told = harness.CASES[stage], tmp_path / "told.log"
    harness.without(case.artefact(root))
    harness.finish(case.words(root), told)
    expected = hash_path(case.artefact(root))
    harness.without(case.artefact(root))
    before = harness.good_artefacts(root)
    process = harness.start(case.words(root), told)
    target = case.artefact(root)
    wait(lambda: working(case, root), process)
    os.kill(process.pid, signal.SIGTERM)
    began = time.monotonic()
    process.join()
    assert process.exitcode in (0, stopping.EXIT_CODE), told.read_text()
    assert time.monotonic() - began < stopping.GRACE_SECONDS
    stopped = process.exitcode != 0
    if stopped:
        assert "stopped by SIGTERM" in harness.one_line(told)
        assert not target.exists()
    harness.finish(case.words(root), told)
    assert hash_path(target) == expected
    if stopped:
        fault("SIGTERM", 1, len(harness.lost(before, root)))


@pytest.mark.slow
@pytest.mark.parametrize("stage", harness.STAGES)
def test_sigterm_of_every_stage(copied, tmp_path, fault, stage):
    stop(stage, copied, tmp_path, fault)


def test_two_processes_do_not_make_one_artefact(copied, tmp_path, fault):
    case, told = harness.CASES["train_workspace"], tmp_path / "told.log"
    harness.without(case.artefact(copied))
    before = harness.good_artefacts(copied)
    first = harness.start(case.words(copied), tmp_path / "first.log")
    wait(lambda: working(case, copied), first)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        assert harness.run(case.words(copied), told) == 2
        assert "is being made by another process" in harness.one_line(told)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    first.join()
    assert first.exitcode == 0
    fault("two processes, one artefact", 1, len(harness.lost(before, copied)))
