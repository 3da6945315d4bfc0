"""Files from anywhere: configuration that makes no sense, and weights and data that want to run code."""

import ast
import contextlib
import pickle
import zipfile
from pathlib import Path

import harness
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from gwpipe import artefact, checkpoint, cli
from gwpipe.data.episodes import open_episodes
from gwpipe.data.latents import open_latents
from gwpipe.domains.catalogue import load_domain
from gwpipe.errors import UserError
from gwpipe.evaluation import curves
from gwpipe.settings import config
from gwpipe.studies.reader import load_reader
from gwpipe.workspace.selection.registry import load_selection
from gwpipe.workspace.workspace import load_workspace

pytestmark = pytest.mark.faults

BASE = config.read_yaml(harness.REPOSITORY / "config.yaml")
EXAMPLES = pytest.mark.parametrize("examples", [40, pytest.param(1000, marks=pytest.mark.slow)])


def paths(node, below=()):
    """Every place in a configuration."""
    yield below
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from paths(child, (*below, key))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.binary(max_size=4)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def replaced(node, path, value):
    """A copy of `node` with `value` at `path`."""
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


def refused_or_taken(load):
    """A configuration is valid, or wrong in one line."""
    try:
        load()
    except UserError as mistake:
        told = str(mistake)
        assert "\n" not in told, told


def fuzz(examples):
    """So many examples, the same ones in each run."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@EXAMPLES
def test_a_configuration_with_anything_anywhere(fault, examples):
    @fuzz(examples)
    @given(st.sampled_from(list(paths(BASE))), ANYTHING)
    def check(path, value):
        content = replaced(BASE, path, value)
        refused_or_taken(lambda: config.resolve(content if isinstance(content, dict) else {}))

    check()
    fault("config file: a value of any type anywhere", examples)


@EXAMPLES
def test_a_configuration_of_any_text(tmp_path, fault, examples):
    file = tmp_path / "config.yaml"

    @fuzz(examples)
    @given(st.text(max_size=200) | st.binary(max_size=200) | ANYTHING.map(yaml.dump))
    def check(content):
        file.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
        refused_or_taken(lambda: config.load([file]))

    check()
    fault("config file: any text", examples)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "&a {b: *a}",
        "[" * 5000,
        "a: " + "9" * 5000,
        "a: !!python/object/apply:os.system [echo]",
        "? [1, 2]\n: 3",
        "a: \x00",
        "- 1",
        "scale: default\nenvironments: &a {simple_shapes: *a, robodesk: *a}",
        "a: 2024-99-99",
        "a: !!binary ?",
        "1: 2\ntrue: 3\nnull: 4",
    ],
    ids=range(12),
)
def test_a_configuration_meant_to_hurt(tmp_path, capsys, monkeypatch, fault, text):
    (tmp_path / "hostile.yaml").write_text(text)
    monkeypatch.chdir(harness.REPOSITORY)
    words = ["collect", *harness.CENTRE, "--policy", "random", "--configfile", str(tmp_path / "hostile.yaml")]
    assert cli.main([*words, "--root", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "results").exists()
    fault("config file: meant to hurt")


@EXAMPLES
def test_any_override(fault, examples):
    @fuzz(examples)
    @given(st.text(max_size=40) | st.tuples(st.sampled_from(list(paths(BASE))), ANYTHING).map(_assignment))
    def check(text):
        refused_or_taken(lambda: config.resolve(BASE, [text]))

    check()
    fault("--set with any text", examples)


def _assignment(pair):
    return ".".join(map(str, pair[0])) + "=" + yaml.dump(pair[1], default_flow_style=True)


class Bomb:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def bombs(folder, mark):
    """Files that run code when something unpickles them: as torch.save, numpy and plain pickle write them."""
    plain = pickle.dumps(Bomb(mark))
    (folder / "plain").write_bytes(plain)
    with zipfile.ZipFile(folder / "torch", "w") as file:
        file.writestr("archive/data.pkl", plain)
        file.writestr("archive/version", "3")
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    (folder / "numpy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + plain)
    described = (
        f'{{"kind": "os:system", "rule": "os:system", "vaes": {{}}, "module": "posix", "command": "touch {mark}"}}'
    )
    (folder / "described").write_bytes(save({}, metadata={"description": described, "state": described}))
    return [folder / name for name in ("plain", "torch", "numpy", "described")]


LOADERS = {
    "load_domain": load_domain,
    "load_workspace": load_workspace,
    "load_selection": load_selection,
    "load_reader": load_reader,
    "checkpoint.load": lambda path: checkpoint.load(path, "me"),
    "open_episodes": open_episodes,
    "open_latents": open_latents,
    "curves.read": curves.read,
    "read_manifest": lambda path: artefact.read_manifest(path.with_name(path.name.removesuffix(".manifest.json"))),
    "read_yaml": config.read_yaml,
}


@pytest.mark.parametrize("loader", LOADERS)
def test_no_loader_runs_code(tmp_path, fault, loader):
    mark = tmp_path / "mark"
    files = bombs(tmp_path, mark)
    for file in files:
        if loader in ("open_episodes", "open_latents"):
            (folder := tmp_path / f"{file.name}.zarr").mkdir()
            file = file.rename(folder / "zarr.json").parent
        elif loader == "read_manifest":
            file = file.rename(f"{file}.manifest.json")
        with pytest.raises(UserError) as caught:
            LOADERS[loader](file)
        assert "\n" not in str(caught.value)
        assert not mark.exists()
    fault("a file that runs code where it is unpickled", len(files))


def test_the_bombs_are_live(tmp_path):
    """Or the test above would show nothing."""
    mark = tmp_path / "mark"
    for file in bombs(tmp_path, mark)[:1]:
        with contextlib.suppress(Exception):
            pickle.loads(file.read_bytes())
    assert mark.exists()


FORBIDDEN_MODULES = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
FORBIDDEN_CALLS = {
    "torch.load",
    "np.load",
    "numpy.load",
    "pd.read_pickle",
    "yaml.load",
    "yaml.unsafe_load",
    "eval",
    "exec",
}


def test_nothing_on_the_load_path_can_run_code(fault):
    sources = sorted((harness.REPOSITORY / "gwpipe").rglob("*.py"))
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module.split(".")[0]]
            assert not FORBIDDEN_MODULES & set(names), path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in FORBIDDEN_CALLS, f"{path}: {called}"
                assert not any(word.arg == "allow_pickle" for word in node.keywords), path
    fault("a way to run code on the load path", len(sources))
