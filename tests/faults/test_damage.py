"""Damaged, foreign and mismatched files: seen before they are used, told in one line, and nothing is overwritten."""

import json
import shutil
from pathlib import Path

import harness
import pytest

from gwpipe import cli
from gwpipe.artefact import hash_path, manifest_path

pytestmark = pytest.mark.faults

DATA, LATENTS = "data/centre/random.zarr", "latents/centre/random/attr.zarr"
VAE, WORKSPACE = "vae/v/weights.safetensors", "workspace/gw/weights.safetensors"


def flip(path):
    """Turn over one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path):
    """Keep the first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def chunk(folder):
    """A chunk of the first array that has one."""
    return next(path for path in sorted(folder.rglob("c/**/*")) if path.is_file())


def edit(**changes):
    """Change keys of a manifest; None takes one away."""

    def change(artefact):
        path = manifest_path(artefact)
        said = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({key: value for key, value in said.items() if value is not None}))

    return change


def garbage(text):
    return lambda artefact: manifest_path(artefact).write_text(text)


DAMAGES = {
    "Zarr chunk removed": (DATA, lambda folder: chunk(folder).unlink()),
    "Zarr chunk truncated": (DATA, lambda folder: cut(chunk(folder))),
    "Zarr chunk with a flipped bit": (LATENTS, lambda folder: flip(chunk(folder))),
    "Zarr metadata damaged": (LATENTS, lambda folder: cut(folder / "zarr.json")),
    "weights with a flipped bit": (VAE, flip),
    "weights truncated": (WORKSPACE, cut),
    "weights removed, manifest left": (VAE, lambda path: path.unlink()),
    "manifest of another artefact": (VAE, edit(sha256="0" * 64)),
    "manifest without a hash": (WORKSPACE, edit(sha256=None)),
    "manifest of another schema": (WORKSPACE, edit(schema=99)),
    "manifest that is no JSON": (DATA, garbage('{"schema": 1')),
    "manifest that is no mapping": (LATENTS, garbage("[1]")),
    "manifest that is empty": (DATA, garbage("")),
}
READERS = {DATA: "train_vae", LATENTS: "train_workspace", VAE: "train_agent", WORKSPACE: "train_agent"}


def hashes(root, but=""):
    """Of all artefacts, but of the one at hand."""
    return {
        str(path): hash_path(path)
        for path in [*root.rglob("*.safetensors"), *root.rglob("*.zarr")]
        if path.exists() and "scratch" not in str(path) and str(path) != str(but)
    }


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_input_is_seen_before_it_is_used(copied, capfd, monkeypatch, fault, damage):
    monkeypatch.chdir(harness.REPOSITORY)
    name, spoil = DAMAGES[damage]
    case = harness.CASES[READERS[name]]
    harness.without(case.artefact(copied))
    spoil(copied / harness.HOME / name)
    before = hashes(copied)
    assert cli.main(case.words(copied)) == 2
    told = capfd.readouterr().err.strip().splitlines()
    assert all(line.startswith("gwpipe: ") for line in told)
    assert str(copied / harness.HOME / name) in told[0]
    assert not case.artefact(copied).exists()
    fault(damage, 1, len(before.items() - hashes(copied).items()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [("a flipped bit", "is damaged"), ("truncated", "is damaged"), ("other settings or code", "belongs to other")],
)
def test_a_checkpoint_that_is_not_what_it_was(copied, tmp_path, capfd, monkeypatch, fault, damage, message):
    monkeypatch.chdir(harness.REPOSITORY)
    case, told = harness.CASES["train_workspace"], tmp_path / "told.log"
    target = case.artefact(copied)
    harness.without(target)
    before = harness.good_artefacts(copied)
    assert harness.run(case.words(copied), told, harness.DieIn("gwpipe.checkpoint", "os.replace", 3)) < 0
    (checkpoint,) = (target.parent / f".{target.name}.scratch").rglob("checkpoint.safetensors")
    words = case.words(copied)
    if damage == "other settings or code":
        # Each identity has a folder of its own; a checkpoint that somebody moved into another's is seen as well.
        words = [*words, "--set", f"{harness.SHAPES}.representation.workspace.hidden=8"]
        assert harness.run(words, told, harness.DieIn("gwpipe.checkpoint", "os.replace", 1)) < 0
        (other,) = {path.parent for path in checkpoint.parents[1].rglob("*.partial")} - {checkpoint.parent}
        checkpoint = Path(shutil.copy(checkpoint, other))
    else:
        {"a flipped bit": flip, "truncated": cut}[damage](checkpoint)
    spoilt = hash_path(checkpoint)
    assert cli.main(words) == 2
    line = capfd.readouterr().err.strip().splitlines()[0]
    assert message in line
    assert str(checkpoint) in line
    assert hash_path(checkpoint) == spoilt
    assert not target.exists()
    fault(f"checkpoint: {damage}", 1, len(harness.lost(before, copied)))
