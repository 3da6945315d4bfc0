import errno
import json

import pytest

from gwpipe import artefact
from gwpipe.errors import UserError


def test_an_artefact_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "deep" / "thing.bin"
    with pytest.raises(ValueError, match="stop"), artefact.staging(target) as partial:
        partial.write_bytes(b"half")
        raise ValueError("stop")
    assert list(target.parent.iterdir()) == []
    with artefact.staging(target) as partial:
        partial.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"


def test_a_failed_rewrite_leaves_the_good_artefact(tmp_path):
    target = tmp_path / "thing"
    with artefact.staging(target) as partial:
        partial.mkdir()
        (partial / "a").write_text("good")
    with pytest.raises(UserError, match="No space left"), artefact.staging(target) as partial:
        partial.mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (target / "a").read_text() == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["thing"]


def test_the_manifest_says_how_it_came_to_be(tmp_path):
    source, target = tmp_path / "source", tmp_path / "thing"
    source.write_text("x")
    record = artefact.Record("train_vae", "smoke", {"seed": 3, "width": 1.0}, [source])
    target.write_text("y")
    record.write(target, steps=5)
    manifest = artefact.verify(target)
    assert manifest["stage"] == "train_vae"
    assert manifest["scale"] == "smoke"
    assert manifest["seed"] == 3
    assert manifest["settings"] == {"seed": 3, "width": 1.0}
    assert manifest["inputs"] == {str(source): artefact.hash_file(source)}
    assert manifest["results"] == {"steps": 5}
    assert {"code_version", "packages", "device", "wall_seconds", "machine"} <= manifest.keys()


def test_an_artefact_that_differs_from_its_manifest_is_refused(tmp_path):
    target = tmp_path / "thing"
    target.write_text("y")
    artefact.Record("collect", "smoke", {}, []).write(target)
    target.write_text("z")
    with pytest.raises(UserError, match="differs from what its manifest says"):
        artefact.verify(target)
    target.unlink()
    with pytest.raises(UserError, match="missing"):
        artefact.verify(target)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"schema": 999})])
def test_a_broken_manifest_is_refused(tmp_path, text):
    target = tmp_path / "thing"
    target.write_text("y")
    artefact.manifest_path(target).write_text(text)
    with pytest.raises(UserError, match="manifest"):
        artefact.read_manifest(target)


def test_an_unfinished_artefact_is_refused(tmp_path):
    (tmp_path / "thing").write_text("y")
    with pytest.raises(UserError, match="never finished"):
        artefact.read_manifest(tmp_path / "thing")


def test_the_hash_of_a_directory_sees_names_and_bytes_and_no_hidden_marks(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "c").mkdir(parents=True)
        (folder / "c" / "0").write_bytes(b"data")
    (two / ".snakemake_timestamp").touch()
    assert artefact.hash_directory(one) == artefact.hash_directory(two)
    (two / "c" / "0").rename(two / "c" / "1")
    assert artefact.hash_directory(one) != artefact.hash_directory(two)


def test_an_input_that_differs_from_its_manifest_is_refused(tmp_path):
    made = tmp_path / "made.txt"
    made.write_text("as it was")
    artefact.Record("collect", "smoke", {}, []).write(made)
    made.write_text("edited")
    with pytest.raises(UserError, match="differs from what its manifest says"):
        artefact.Record("train_vae", "smoke", {}, [made])


def test_a_file_system_without_locks_is_worked_on_without(tmp_path, monkeypatch):
    def lockless(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("gwpipe.artefact.fcntl.lockf", lockless)
    assert artefact.Record("collect", "smoke", {}, []).scratch(tmp_path / "thing").is_dir()


def test_a_folder_takes_the_place_of_another(tmp_path):
    for name in ("made", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content").write_text(name)
    artefact.move_into_place(tmp_path / "made", tmp_path / "target")
    assert (tmp_path / "target/content").read_text() == "made"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
