"""`kill -9` at any moment of a long stage: the same command goes on and makes the same bytes."""

import json
import time

import harness
import pytest

from gwpipe.artefact import hash_path, manifest_path

pytestmark = pytest.mark.faults

CHECKPOINT, ARTEFACT = "gwpipe.checkpoint", "gwpipe.artefact"
MOMENTS = {
    "before a checkpoint is renamed": harness.DieIn(CHECKPOINT, "os.replace", 2),
    "after a checkpoint is renamed": harness.DieIn(CHECKPOINT, "os.replace", 2, after=True),
    "half a checkpoint written": harness.HalfWrites(3000, kill=True),
    "before the artefact is renamed": harness.DieIn(ARTEFACT, "move_into_place"),
    "after the artefact is renamed": harness.DieIn(ARTEFACT, "move_into_place", after=True),
    "before the manifest is written": harness.DieIn(ARTEFACT, "Record.write"),
    "after the manifest is written": harness.DieIn(ARTEFACT, "Record.write", after=True),
}


_WHOLE = {}


def whole(case, root, told):
    """What the stage makes in one go (see `said`), and the seconds it takes; once a session."""
    target = case.artefact(root)
    harness.without(target)
    if case.stage not in _WHOLE:
        began = time.monotonic()
        harness.finish(case.words(root), told)
        _WHOLE[case.stage] = said(target), time.monotonic() - began
        harness.without(target)
    return _WHOLE[case.stage]


def said(target):
    """The artefact, its curve where it has one, and what its manifest says of them."""
    manifest = json.loads(manifest_path(target).read_text())
    curve = target.parent / "curve.csv"
    beside = curve.read_bytes() if target.name == "weights.safetensors" and curve.exists() else b""
    return hash_path(target), beside, manifest["identity"], manifest["results"], manifest["sha256"]


def end_like(expected, case, root, told, before):
    """Finish the stage and compare; the artefacts of `before` that were lost on the way."""
    harness.finish(case.words(root), told)
    assert said(case.artefact(root)) == expected
    scratch = case.artefact(root).parent / f".{case.artefact(root).name}.scratch"
    assert not scratch.exists()
    return len(harness.lost(before, root))


def kill(stage, root, tmp_path, fault, kills):
    case, told = harness.CASES[stage], tmp_path / "told.log"
    expected, seconds = whole(case, root, told)
    before = harness.good_artefacts(root)
    met, rounds = 0, 0
    while met < kills:
        # A stage may have come to its end before all kills: then from the beginning.
        harness.without(case.artefact(root))
        met += harness.kill_at_random(case, root, told, kills - met, seconds, seed=rounds)
        gone = end_like(expected, case, root, told, before)
        rounds += 1
        assert rounds < 20
    fault(f"kill -9 at a random moment, {stage}", met, gone)


@pytest.mark.slow
@pytest.mark.parametrize("stage", harness.STAGES)
def test_kills_at_random_moments(copied, tmp_path, fault, stage):
    kill(stage, copied, tmp_path, fault, kills=10)


def die(stage, moment, root, tmp_path, fault):
    case, told = harness.CASES[stage], tmp_path / "told.log"
    expected, _ = whole(case, root, told)
    before = harness.good_artefacts(root)
    if harness.run(case.words(root), told, MOMENTS[moment]) == 0:
        pytest.skip(f"{stage} has no such moment")
    assert not manifest_path(case.artefact(root)).exists() or moment == "after the manifest is written"
    fault(f"kill -9 {moment}", 1, end_like(expected, case, root, told, before))


def test_a_kill_in_the_middle_of_a_checkpoint_s_write(copied, tmp_path, fault):
    die("train_workspace", "half a checkpoint written", copied, tmp_path, fault)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("stage", harness.STAGES)
def test_kills_at_delicate_moments(copied, tmp_path, fault, stage, moment):
    die(stage, moment, copied, tmp_path, fault)
