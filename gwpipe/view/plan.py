"""What Snakemake was last asked for at a scale, written by its hooks (`workflow/rules/view.smk`) into the logs' folder.

It holds the jobs of the whole DAG, so `gwpipe status` needs neither Snakemake nor the command line it was given, and
knows every rule that there is.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gwpipe import layout
from gwpipe.heartbeat import now

SCHEMA = 1
NAME = "plan.json"


@dataclass(frozen=True)
class Job:
    """One run of a stage. Paths are relative to the root."""

    stage: str
    wildcards: dict[str, str]
    outputs: list[str]
    log: str
    settings: str
    """Canonical JSON."""
    needed: bool
    """Was it to be made (again) when Snakemake began?"""
    after: list[int]
    """Jobs, by their place in the plan, whose outputs it reads."""

    @property
    def name(self) -> str:
        """`train_vae robodesk v`."""
        return " ".join([self.stage, *self.wildcards.values()])


@dataclass(frozen=True)
class Plan:
    """All jobs of the DAG, and how Snakemake ended: `running`, `done` or `failed`."""

    scale: str
    targets: list[str]
    written: str
    state: str
    ended: str | None
    jobs: list[Job]


def path(root: Path, scale: str) -> Path:
    """Where the plan of a scale lies."""
    return root / layout.LOGS / scale / NAME


def write(root: Path, scale: str, targets: Iterable[str], jobs: Iterable[Job]) -> None:
    """Keep what is asked for now."""
    _put(root, Plan(scale, list(targets), now(), "running", None, list(jobs)))


def end(root: Path, scale: str, state: str) -> None:
    """Say how Snakemake ended. The file keeps its time, which tells runs after its writing from older ones."""
    plan = read(root, scale)
    if plan is not None:
        file = path(root, scale)
        times = file.stat()
        _put(root, Plan(**{**vars(plan), "state": state, "ended": now()}))
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def read(root: Path, scale: str) -> Plan | None:
    """The plan of a scale; None where there is none of this schema."""
    try:
        told = json.loads(path(root, scale).read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or told.pop("schema", None) != SCHEMA:
        return None
    return Plan(**{**told, "jobs": [Job(**job) for job in told["jobs"]]})


def newest(root: Path) -> str | None:
    """The scale that was asked for last; None where nothing was."""
    plans = (root / layout.LOGS).glob(f"*/{NAME}")
    return max(plans, key=lambda file: file.stat().st_mtime_ns, default=Path()).parent.name or None


def _put(root: Path, plan: Plan) -> None:
    file = path(root, plan.scale)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps({"schema": SCHEMA, **asdict(plan)}, indent=1) + "\n")
    os.replace(partial, file)
