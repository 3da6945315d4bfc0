"""Stages in processes that may be killed, and what is left of the artefacts afterwards.

Processes are forked from a server that has imported torch, so that a kill meets the stage and not its imports.
"""

import contextlib
import importlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from gwpipe.artefact import hash_path, manifest_path

REPOSITORY = Path(__file__).resolve().parents[2]
STAGES = (
    "collect",
    "train_vae",
    "cache_latents",
    "train_workspace",
    "train_agent",
    "train_reader",
    "train_selection",
)
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["gwpipe.cli", *(f"gwpipe.stages.{stage}" for stage in STAGES)])
HOME = "results/smoke/simple_shapes"
SHAPES = "environments.simple_shapes"
CENTRE = ("--env", "simple_shapes", "--task", "centre")


@dataclass(frozen=True)
class Case:
    """One long stage, with enough to do for a kill to meet it."""

    stage: str
    wildcards: tuple[str, ...]
    target: str
    overrides: tuple[str, ...] = ()

    def words(self, root: Path, seconds: float = 0.0) -> list[str]:
        """The command line; `seconds` lie between two checkpoints."""
        words = [self.stage, *self.wildcards, "--configfile", "workflow/scales/smoke.yaml", "--root", str(root)]
        for override in self.overrides:
            words += ["--set", f"{SHAPES}.{override}"]
        return [*words, "--checkpoint-seconds", str(seconds)]

    def artefact(self, root: Path) -> Path:
        return root / HOME / self.target


ROWS = "representation.data=[{task: centre, policy: random, rows: 3000, episode_decisions: 1}]"
CASES = {
    case.stage: case
    for case in (
        Case("collect", (*CENTRE, "--policy", "random"), "data/centre/random.zarr", (ROWS,)),
        Case(
            "train_vae",
            ("--env", "simple_shapes", "--domain", "v"),
            "vae/v/weights.safetensors",
            ("representation.vae.v.optimisation.steps=120",),
        ),
        Case("cache_latents", (*CENTRE, "--policy", "random", "--domain", "v"), "latents/centre/random/v.zarr"),
        Case(
            "train_workspace",
            ("--env", "simple_shapes", "--kind", "gw"),
            "workspace/gw/weights.safetensors",
            ("representation.workspace.optimisation.steps=150",),
        ),
        Case(
            "train_agent",
            (*CENTRE, "--method", "gw_dreamer", "--seed", "0"),
            "agents/centre/gw_dreamer/seed0/weights.safetensors",
            ("agents.env_steps=1000",),
        ),
        Case("train_reader", (), "reader/weights.safetensors", ("quality.reader.optimisation.steps=120",)),
        Case(
            "train_selection",
            ("--env", "simple_shapes", "--rule", "attention", "--seed", "0"),
            "selection/attention/seed0/weights.safetensors",
            ("quality.fusion_rules.selection.optimisation.steps=250",),
        ),
    )
}


def _child(words: list[str], told: Path, before: Callable[[], None] | None) -> None:
    os.chdir(REPOSITORY)
    with told.open("w") as file:
        os.dup2(file.fileno(), 2)
    from gwpipe.cli import main

    if before is not None:
        before()
    code = main(words)
    sys.stderr.flush()
    os._exit(code)


def start(words: list[str], told: Path, before: Callable[[], None] | None = None) -> multiprocessing.Process:
    """Start `gwpipe WORDS` with its standard error in the file `told`; `before` runs in the process first."""
    told.parent.mkdir(parents=True, exist_ok=True)
    process = _CONTEXT.Process(target=_child, args=(words, told, before))
    process.start()
    return process


def run(words: list[str], told: Path, before: Callable[[], None] | None = None) -> int:
    """Exit code of `gwpipe WORDS`."""
    process = start(words, told, before)
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def finish(words: list[str], told: Path) -> None:
    """Run a stage that must succeed."""
    code = run(words, told)
    assert code == 0, told.read_text()


def workers_of(process: multiprocessing.Process) -> list[int]:
    """Process ids of the worker processes that a stage has started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in children.read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def alive(pid: int) -> bool:
    """Is there such a process, and is it no zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def good_artefacts(root: Path) -> dict[str, str]:
    """Every artefact with a manifest that it agrees with, and its hash."""
    found = {}
    for manifest in root.rglob("*.manifest.json"):
        artefact = manifest.with_name(manifest.name.removesuffix(".manifest.json"))
        try:
            said = json.loads(manifest.read_text())["sha256"]
            if artefact.exists() and hash_path(artefact) == said:
                found[str(artefact.relative_to(root))] = said
        except (OSError, ValueError, KeyError):
            continue
    return found


def lost(before: dict[str, str], root: Path) -> list[str]:
    """What of `before` is gone or another."""
    now = good_artefacts(root)
    return [name for name, digest in before.items() if now.get(name) != digest]


def one_line(told: Path) -> str:
    """What a command that failed said of it, beside its progress; no traceback is in it."""
    text = told.read_text()
    assert "Traceback" not in text, text
    lines = [line for line in text.splitlines() if line.startswith("gwpipe: ")]
    assert lines, text
    return lines[0]


def without(target: Path) -> None:
    """Remove an artefact and its manifest."""
    shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    manifest_path(target).unlink(missing_ok=True)


@dataclass(frozen=True)
class DieIn:
    """Runs before a stage and kills it in the middle of its `nth` call of `module.name` (or right after it)."""

    module: str
    name: str
    nth: int = 1
    after: bool = False

    def __call__(self) -> None:
        place = importlib.import_module(self.module)
        *parents, last = self.name.split(".")
        for parent in parents:
            inner = getattr(place, parent)
            if isinstance(inner, ModuleType):
                # A copy of its own: what other modules call does not count.
                inner = ModuleType(inner.__name__)
                vars(inner).update(vars(getattr(place, parent)))
                setattr(place, parent, inner)
            place = inner
        whole = getattr(place, last)
        calls = 0

        def dying(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == self.nth and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = whole(*arguments, **named)
            if calls == self.nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(place, last, dying)


@dataclass(frozen=True)
class HalfWrites:
    """Lets no file grow beyond `limit` bytes and, with `kill`, kills the process that tries: half a file is left."""

    limit: int
    kill: bool = False

    def __call__(self) -> None:
        if self.kill:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, self.limit))


def kill_at_random(case: Case, root: Path, told: Path, kills: int, seconds: float, seed: int) -> int:
    """Start the stage again and again and kill each after a random part of `seconds`; how many were killed in time."""
    rng = random.Random(seed)
    met = 0
    for _ in range(kills):
        process = start(case.words(root), told)
        time.sleep(rng.uniform(0.02, 1.0) * seconds)
        process.kill()
        process.join()
        met += process.exitcode == -signal.SIGKILL
        code = process.exitcode
        process.close()
        assert code in (0, -signal.SIGKILL), told.read_text()
        if code == 0:
            break
    return met
