"""A disk that is full, read-only or stops taking bytes: one line, exit code 2, and what was good stays."""

import contextlib
import os
import subprocess

import harness
import pytest

from gwpipe.artefact import hash_path

pytestmark = pytest.mark.faults


def refused(case, root, told, before=None):
    """The one line of a stage that must fail, and that nothing of it appeared."""
    assert harness.run(case.words(root), told, before) == 2, told.read_text()
    assert not case.artefact(root).exists()
    return harness.one_line(told)


def test_a_file_that_cannot_grow(copied, tmp_path, fault):
    case, told = harness.CASES["train_workspace"], tmp_path / "told.log"
    harness.without(case.artefact(copied))
    before = harness.good_artefacts(copied)
    assert "File too large" in refused(case, copied, told, harness.HalfWrites(2000))
    assert not list(copied.rglob("*.partial"))
    fault("a file that cannot grow (EFBIG)", 1, len(harness.lost(before, copied)))


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    """A file system of its own; needs root."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "gwpipe", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a file system of a fixed size needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_disk(stage, finished, tmp_path, fault):
    """Fill the disk but for a few kilobytes, at several levels; then free it, and the same command makes the same."""
    case, told = harness.CASES[stage], tmp_path / "told.log"
    harness.finish(case.words(finished_copy := copy(finished, tmp_path / "whole")), told)
    expected = hash_path(case.artefact(finished_copy))
    with small_disk(tmp_path / "disk", 64_000) as disk:
        root = copy(finished, disk / "root")
        harness.without(case.artefact(root))
        before = harness.good_artefacts(root)
        tried = 0
        for free in (0, 8, 40):
            filler = disk / "filler"
            space = os.statvfs(disk)
            filler.write_bytes(bytes(space.f_bavail * space.f_frsize - free * 1024))
            code = harness.run(case.words(root), told)
            filler.unlink()
            if code == 0:  # so little is enough for this stage
                break
            assert code == 2, told.read_text()
            assert "No space left on device" in harness.one_line(told)
            assert not case.artefact(root).exists()
            tried += 1
        harness.finish(case.words(root), told)
        assert hash_path(case.artefact(root)) == expected
        assert tried
        fault("full disk", tried, len(harness.lost(before, root)))


def read_only(stage, finished, tmp_path, fault):
    case, told = harness.CASES[stage], tmp_path / "told.log"
    with small_disk(tmp_path / "disk", 64_000) as disk:
        root = copy(finished, disk / "root")
        harness.without(case.artefact(root))
        before = harness.good_artefacts(root)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert "Read-only file system" in refused(case, root, told)
        fault("read-only results folder", 1, len(harness.lost(before, root)))


def copy(source, target):
    subprocess.run(["cp", "--recursive", str(source), str(target)], check=True)
    return target


def test_a_read_only_folder(finished, tmp_path, fault):
    read_only("train_workspace", finished, tmp_path, fault)


@pytest.mark.slow
@pytest.mark.parametrize("stage", harness.STAGES)
@pytest.mark.parametrize("what", [full_disk, read_only], ids=["full", "read-only"])
def test_disks_of_every_stage(finished, tmp_path, fault, stage, what):
    what(stage, finished, tmp_path, fault)
