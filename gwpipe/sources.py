"""Which source files a stage depends on: the import closure, read from the sources without importing anything.

Snakemake cannot see through `python -m`, so each rule declares these files as inputs; editing a loss then reruns what
uses that loss and nothing else. Plumbing that cannot change a result is left out, or each new config key would retrain
everything: the values that a stage uses are tracked by its settings string instead.
"""

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PLUMBING = (
    "settings", "layout", "machine", "artefact", "surroundings", "progress", "heartbeat", "metrics", "stopping",
    "execution", "cli", "errors", "sources", "view", "__init__",
)  # fmt: skip


def sources(*modules: str) -> list[str]:
    """Sorted paths of all files of this package that `modules` import, directly or not, themselves included.

    Paths are relative to the working folder where they lie inside it. A module of another package (a plug-in's) counts
    as one file, by its absolute path.

    Raises:
        FileNotFoundError: a module does not exist.
    """
    outside = [_outside(name) for name in modules if _file(name) is None]
    # Relative where possible, so that a checkout that moved has the same inputs.
    here = Path.cwd()
    kept = [*outside, *_closure(modules)]
    return sorted(str(file.relative_to(here) if file.is_relative_to(here) else file) for file in kept)


@functools.cache
def _closure(modules: tuple[str, ...]) -> tuple[Path, ...]:
    """Files of this package that `modules` import, without plumbing. Every job of a rule asks for the same."""
    found: set[Path] = set()
    waiting = [file for name in modules if (file := _file(name)) is not None]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _needed(file)
    return tuple(file for file in found if not _is_plumbing(file))


@functools.cache
def _needed(file: Path) -> tuple[Path, ...]:
    """What `file` needs itself: the modules it imports, the packages around it, and data that it reads as a package."""
    if file.suffix == ".csv":
        return ()
    # Importing a module runs the `__init__.py` of every package around it.
    around = [parent / "__init__.py" for parent in file.parents if parent.is_relative_to(PACKAGE)]
    data = file.parent.glob("*.csv") if file.name == "__init__.py" else ()
    imported = (_file(name) for name in _imports(file))
    return (*data, *(package for package in around if package.is_file()), *(one for one in imported if one))


def _outside(module: str) -> Path:
    try:
        spec = None if module.split(".")[0] == PACKAGE.name else importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"no module {module}")
    return Path(spec.origin)


def _is_plumbing(file: Path) -> bool:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return parts[0] in PLUMBING


@functools.cache
def _file(module: str) -> Path | None:
    parts = module.split(".")
    if parts[0] != PACKAGE.name:
        return None
    base = PACKAGE.joinpath(*parts[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _imports(file: Path) -> tuple[str, ...]:
    """Names that could be modules of this package in the imports of `file`, also those inside functions."""
    names: list[str] = []
    for node in _statements(ast.parse(file.read_text()).body):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name`: name may be a module or something defined in package/__init__.py
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] == PACKAGE.name)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, also those inside others. Imports are statements, and most of a tree is expressions."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, field, []))
        for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            yield from _statements(part.body)
