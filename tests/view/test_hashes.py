"""`gwpipe hashes`: two machines compare what they made."""

import json

import pytest

from gwpipe import cli
from gwpipe.artefact import manifest_path


@pytest.fixture
def hashes(checkout, capsys):
    def run(*words):
        code = cli.main(["hashes", "--root", str(checkout.root), *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def other(checkout, hashes, tmp_path):
    """The list of a machine that ran the default of `make`."""
    checkout.make_all(checkout.root)
    file = tmp_path / "theirs.tsv"
    file.write_text(hashes()[1])
    return file


def test_the_list_is_sorted_and_has_one_line_an_artefact(checkout, hashes):
    checkout.make_all(checkout.root)
    code, text, _ = hashes()
    lines = [line.split("\t") for line in text.splitlines()]
    assert code == 0
    assert lines[0] == ["artefact", "content", "settings", "code", "packages"]
    names = [line[0] for line in lines[1:]]
    assert names == sorted([checkout.data, checkout.vae, checkout.latents, checkout.table])
    assert all(len(value) == 64 for line in lines[1:] for value in line[1:])
    assert hashes("--scale", "paper")[1].count("\n") == 1


def test_the_same_run_elsewhere_agrees(checkout, hashes, other):
    checkout.make_all(checkout.root)
    assert hashes("--compare", other) == (0, "4 of 4 artefacts have the same content\n", "")


def test_other_settings_are_named_first_and_what_follows_from_them_after(checkout, hashes, other):
    checkout.make_all(checkout.root, beta=0.2, weights="other")
    code, text, _ = hashes("--compare", other)
    assert code == 1
    assert text.splitlines() == [
        f"{checkout.vae}: content differs, as do settings",
        f"{checkout.latents}: content differs, as do its input {checkout.vae}",
        f"{checkout.table}: content differs, as do its input {checkout.latents} and its input {checkout.vae}",
        "1 of 4 artefacts have the same content",
    ]


def test_other_content_of_the_same_settings_code_and_inputs_is_said_to_be_alone(checkout, hashes, other):
    checkout.make_all(checkout.root, weights="other")
    code, text, _ = hashes("--compare", other)
    assert code == 1
    assert text.splitlines()[0].startswith(f"{checkout.vae}: content differs alone")


def test_other_code_with_the_same_content_is_told_and_no_difference(checkout, hashes, other):
    path = manifest_path(checkout.root / checkout.vae)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sources_sha256": "0" * 64}))
    code, text, _ = hashes("--compare", other)
    assert code == 0
    assert text.splitlines()[0] == f"{checkout.vae}: same content, though code differ"


def test_what_only_one_has_is_told(checkout, hashes, other):
    manifest_path(checkout.root / checkout.table).unlink()
    code, text, _ = hashes("--compare", other)
    assert code == 1
    assert f"{checkout.table}: only in the list compared with" in text


def test_verify_reads_the_bytes(checkout, hashes):
    checkout.make_all(checkout.root)
    (checkout.root / checkout.data).write_text("edited")
    assert hashes()[0] == 0
    code, _, error = hashes("--verify")
    assert code == 2
    assert "differs from what its manifest says" in error


def test_a_file_that_is_no_list_is_one_line(checkout, hashes, tmp_path):
    checkout.make_all(checkout.root)
    (tmp_path / "x").write_text("hello\n")
    for name, message in (("x", "is no list of hashes"), ("nothing", "cannot be read")):
        code, _, error = hashes("--compare", tmp_path / name)
        assert code == 2
        assert message in error
        assert error.count("\n") == 1
