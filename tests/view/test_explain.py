"""`gwpipe explain`: from an artefact back to the roots, and what is said of broken chains."""

import json

import pytest

from gwpipe import cli
from gwpipe.artefact import manifest_path


@pytest.fixture
def explain(checkout, capsys):
    checkout.make_all(checkout.root)

    def run(*words):
        code = cli.main(["explain", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return run


def test_the_tree_goes_back_to_the_roots_and_tells_each_branch_once(explain, checkout):
    code, lines, problems = explain(checkout.table)
    assert (code, problems) == (0, [])
    assert lines[0] == checkout.table
    tree = lines[next(at for at, line in enumerate(lines) if line.startswith("made from")) :]
    assert tree[0].startswith("made from 3 artefacts")
    drawn = [line.split()[:-1] and line.split("  ")[0] for line in tree[1:]]
    assert drawn[0].startswith(f"├─ {checkout.latents}")
    assert [checkout.data in line for line in tree[1:]].count(True) == 2
    assert [line.endswith("(see above)") for line in tree[1:]].count(True) == 1
    assert tree[-1].startswith(f"└─ {checkout.vae}")


def test_it_says_settings_seed_code_packages_machine_and_time(explain, checkout):
    _, lines, _ = explain(checkout.vae)
    facts = "\n".join(lines)
    for part in (
        "train_vae, scale smoke",
        "seed      0",
        "beta: 0.1",
        "torch 2.",
        "processors",
        "source files",
        "after",
    ):
        assert part in facts


def test_a_manifest_or_a_path_from_elsewhere_names_the_same_artefact(explain, checkout, tmp_path_factory, monkeypatch):
    whole = explain(checkout.table)
    assert explain(manifest_path(checkout.root / checkout.table)) == whole
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert explain(checkout.root / checkout.table) == whole


def test_depth_cuts_the_tree(explain, checkout):
    _, lines, _ = explain(checkout.table, "--depth", "1")
    assert sum("more below" in line for line in lines) == 2
    assert not any(checkout.data in line for line in lines)


def test_json_holds_every_manifest(explain, checkout):
    code, lines, _ = explain(checkout.table, "--json")
    told = json.loads("\n".join(lines))
    assert code == 0
    assert set(told["manifests"]) == {checkout.table, checkout.vae, checkout.latents, checkout.data}
    assert told["manifests"][checkout.vae]["settings"] == {"seed": 0, "beta": 0.1}


def test_a_missing_manifest_is_one_line(explain, checkout):
    manifest_path(checkout.root / checkout.data).unlink()
    code, _, problems = explain(checkout.table)
    assert code != 0
    (line,) = problems
    assert checkout.data in line
    assert "has no manifest" in line


def test_an_input_that_was_made_again_is_one_line(explain, checkout):
    checkout.make(checkout.root, "train_vae", checkout.vae, {"seed": 0, "beta": 9}, [checkout.data], "other weights")
    code, _, problems = explain(checkout.latents)
    assert code != 0
    (line,) = problems
    assert line.startswith(f"gwpipe: {checkout.latents} was made from another {checkout.vae}")


def test_edited_bytes_are_seen_at_once_in_what_is_asked_for_and_elsewhere_with_verify(explain, checkout):
    (checkout.root / checkout.vae).write_text("edited")
    assert explain(checkout.table)[0] == 0
    code, _, problems = explain(checkout.table, "--verify")
    assert code != 0
    assert [checkout.vae in line and "differs from what its manifest says" in line for line in problems] == [True]
    assert explain(checkout.vae)[0] != 0


def test_what_does_not_exist_is_one_line(explain):
    code, lines, problems = explain("results/table7.csv")
    assert (code, lines) == (2, [])
    assert problems == ["gwpipe: results/table7.csv does not exist; make it first"]


def test_another_version_of_code_or_packages_is_told_where_it_differs(explain, checkout):
    path = manifest_path(checkout.root / checkout.data)
    manifest = json.loads(path.read_text())
    manifest["packages"]["numpy"] = "1.0"
    path.write_text(json.dumps(manifest | {"code_version": "abc", "host": "far"}))
    _, lines, _ = explain(checkout.vae)
    assert lines[-1].endswith("; other code version abc, packages numpy 1.0, host far")
