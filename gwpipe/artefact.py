"""Artefacts appear whole or not at all, each with a manifest that says how it came to be.

A stage writes into a staging place beside its target (same file system) and the target appears by one rename. The
manifest `NAME.manifest.json` lies beside the artefact and is written last: what has no manifest was never finished.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gwpipe import heartbeat, layout
from gwpipe.errors import UserError
from gwpipe.sources import sources
from gwpipe.surroundings import machine, package_versions, spent

SCHEMA = 1
_LOCKLESS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
"""What a file system says that has no locks (Lustre mounted without `flock`): work goes on without."""


@contextlib.contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A place to write `target` (file or directory) into; renamed to `target` when the block ends without a fault.

    Raises:
        UserError: the disk is full or the place cannot be written to; nothing is left behind.
    """
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        if partial.is_file():
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
        move_into_place(partial, target)
    except OSError as fault:
        raise UserError(
            f"cannot write {target}: {fault.strerror or fault}; free some space or mend the folder"
        ) from fault
    finally:
        _remove(partial)


def move_into_place(made: Path, target: Path) -> None:
    """Rename what is finished; a file replaces another in one step, a folder's predecessor goes last."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if made.is_file() and not target.is_dir():
        os.replace(made, target)
        return
    old = target.with_name(f".{target.name}.old")
    _remove(old)
    if target.exists():
        os.replace(target, old)
    os.replace(made, target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_directory(path: Path) -> str:
    """SHA-256 over the names and bytes of all files under `path`; hidden files (marks of other tools) do not count.

    Links are followed: a directory that came out of Snakemake's cache is full of them.
    """
    digest = hashlib.sha256()
    files = [Path(folder) / name for folder, _, names in os.walk(path, followlinks=True) for name in names]
    for file in sorted(p for p in files if p.is_file() and not p.name.startswith(".")):
        digest.update(f"{file.relative_to(path).as_posix()}\0{hash_file(file)}\n".encode())
    return digest.hexdigest()


def hash_path(path: Path) -> str:
    """SHA-256 of a file or of a directory's content."""
    return hash_directory(path) if path.is_dir() else hash_file(path)


def manifest_path(artefact: Path) -> Path:
    """Where the manifest of `artefact` lies."""
    return artefact.with_name(artefact.name + layout.MANIFEST)


def code_version() -> str:
    """The commit of the checkout, with `+dirty` where files differ from it, or the package's version outside one."""
    root = Path(__file__).resolve().parent.parent
    try:
        git = ["git", "-C", str(root), "describe", "--always", "--dirty=+dirty", "--abbrev=12", "--exclude=*"]
        return subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return importlib.metadata.version("gwpipe")


class Record:
    """Collects what the manifest of one stage's artefact says, from the moment it is made."""

    def __init__(
        self,
        stage: str,
        scale: str,
        settings: dict[str, Any],
        inputs: Iterable[Path],
        modules: Iterable[str] = (),
        device: str = "cpu",
    ):
        """`modules`: what the stage loads by name, beside its own imports."""
        self._began, self._device = time.time(), device
        code = sources(f"gwpipe.stages.{stage}", *modules)
        self._fields: dict[str, Any] = {
            "schema": SCHEMA,
            "stage": stage,
            "scale": scale,
            "settings": settings,
            "seed": settings.get("seed"),
            "code_version": code_version(),
            "sources_sha256": hashlib.sha256("".join(hash_file(Path(file)) for file in code).encode()).hexdigest(),
            "inputs": {layout.name(path): input_hash(path) for path in inputs},
            "packages": package_versions(),
            "started": heartbeat.now(),
        }

    @property
    def identity(self) -> str:
        """One hash for settings, inputs and code: what a checkpoint must share with the run that resumes from it."""
        parts = [json.dumps(self._fields["settings"], sort_keys=True), self._fields["sources_sha256"]]
        parts += sorted(self._fields["inputs"].values())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def scratch(self, target: Path) -> Path:
        """The folder for checkpoints of the run that makes `target`, for this process alone while it lives.

        Two processes making the same artefact would write over each other's unfinished work: one started by hand beside
        a workflow, or one that a cluster started again because it had lost sight of the first.

        Raises:
            UserError: another process is making the artefact, or the folder cannot be written to.
        """
        folder = layout.scratch(target, self.identity)
        lock = folder.parent / "lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # POSIX locks hold across machines on a shared file system, and go with their process however it ends.
            # The descriptor is left open for that reason.
            fcntl.lockf(os.open(lock, os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{target} is being made by another process; wait for it, or end it first") from None
        except OSError as fault:
            if fault.errno in _LOCKLESS:
                return folder
            what = fault.strerror or fault
            raise UserError(f"cannot write {folder}: {what}; free some space or mend the folder") from fault
        return folder

    def input_hash(self, path: Path) -> str:
        """The hash of one of the inputs."""
        return self._fields["inputs"][layout.name(path)]

    def write(self, artefact: Path, **results: Any) -> None:
        """Write the manifest of `artefact`; `results` are the counts that later stages read (`results` in the file).

        `wall_seconds` counts from this record's making, `earlier_seconds` are those of starts of the same run that were
        cut off, `starts` is the number of all.
        """
        beat = heartbeat.current()
        self._fields |= {
            **machine(self._device),
            **spent(),
            "artefact": artefact.name,
            "identity": self.identity,
            "sha256": hash_path(artefact),
            "results": results,
            "wall_seconds": round(time.time() - self._began, 3),
            "earlier_seconds": round(beat.earlier_seconds, 1) if beat is not None else 0.0,
            "starts": beat.starts if beat is not None else 1,
            "finished": heartbeat.now(),
        }
        with staging(manifest_path(artefact)) as partial:
            partial.write_text(json.dumps(self._fields, indent=1, sort_keys=True) + "\n")


def read_manifest(artefact: Path) -> dict[str, Any]:
    """The manifest of `artefact`.

    Raises:
        UserError: there is none, it is not readable, or it has another schema.
    """
    path = manifest_path(artefact)
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{artefact} has no manifest ({path.name}): it was never finished; make it again") from None
    except (OSError, ValueError) as fault:
        raise UserError(f"manifest {path} is not readable ({fault}); make {artefact} again") from fault
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError(f"manifest {path} has another schema than {SCHEMA}; make {artefact} again")
    if missing := {"stage", "settings", "sha256", "results"} - manifest.keys():
        raise UserError(f"manifest {path} does not say '{min(missing)}'; make {artefact} again")
    return manifest


def input_hash(path: Path) -> str:
    """The hash of an input, checked against its manifest where it has one.

    Raises:
        UserError: the input is missing, or differs from what its manifest says.
    """
    if manifest_path(path).exists():
        return verify(path)["sha256"]
    if not path.exists():
        made = layout.run_of(path)
        by = f" with {layout.command(made[0], path)}" if made else ""
        raise UserError(f"input {path} does not exist; make it first{by}")
    return hash_path(path)


def verify(artefact: Path) -> dict[str, Any]:
    """The manifest of `artefact`, after checking that the artefact is what its manifest says.

    Raises:
        UserError: the artefact is missing or differs from the hash in its manifest.
    """
    manifest = read_manifest(artefact)
    if not artefact.exists():
        raise UserError(f"{artefact} is missing although its manifest exists; make it again")
    if hash_path(artefact) != manifest["sha256"]:
        raise UserError(f"{artefact} differs from what its manifest says (damaged or edited); make it again")
    return manifest
