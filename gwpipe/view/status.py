"""How far a run is, from files alone: the plan, artefacts with their manifests, and signs of life.

A job of the plan is

- `done`: its outputs exist, were made with the settings asked for and, where Snakemake was to make them again, since;
- `running`: its last sign of life is fresh; `stale`: it is not, or Snakemake, which waits for its jobs, has ended
  since it began; so the process is gone (killed, or its machine is);
- `failed` or `interrupted`: as its last sign of life says;
- `waiting`: anything else.

Only signs of life since the plan was written count for its jobs. Runs by hand have no plan: they are told beside it.
Which came first is told by the times of files, which one file server gives, not by the clocks of machines.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gwpipe import heartbeat, layout
from gwpipe.view import plan as plans

STATES = ("running", "stale", "failed", "interrupted", "waiting", "done")
LOG_LINES = 8


@dataclass(frozen=True)
class Run:
    """One job of the plan, or one run by hand."""

    name: str
    stage: str
    state: str
    log: str = ""
    seconds: float | None = None
    """Of work on it, in all its starts."""
    told: dict[str, Any] = field(default_factory=dict)
    """Its sign of life."""
    waits_for: list[str] = field(default_factory=list)
    last_lines: list[str] = field(default_factory=list)
    """Of the log of a run that failed or is gone."""


@dataclass(frozen=True)
class Status:
    """Runs in the plan's order, then those by hand."""

    scale: str
    plan: plans.Plan | None
    runs: list[Run]

    def count(self, state: str) -> int:
        return sum(run.state == state for run in self.runs)


def status_of(root: Path, scale: str) -> Status:
    """Look at the plan of a scale and at every sign of life there."""
    plan = plans.read(root, scale)
    since = plans.path(root, scale).stat().st_mtime_ns if plan is not None else 0
    jobs = plan.jobs if plan is not None else []
    runs: list[Run] = []
    states: list[str] = []
    for job in jobs:
        state, told, seconds = _job(root, job, since, plan.ended if plan is not None else None)
        states.append(state)
        runs.append(_run(root, job.name, job.stage, state, job.log, told, seconds))
    runs = [
        run
        if run.state != "waiting"
        else Run(
            run.name, run.stage, run.state, run.log, waits_for=[jobs[k].name for k in job.after if states[k] != "done"]
        )
        for run, job in zip(runs, jobs)
    ]
    planned = {job.log for job in jobs}
    for file in sorted((root / layout.LOGS / scale).glob("*/*.status.json")):
        log = file.with_name(file.name.removesuffix(".status.json") + ".log").relative_to(root).as_posix()
        sign = heartbeat.read(file)
        if sign is not None and log not in planned:
            name = " ".join([sign["stage"], *sign["wildcards"].values()])
            runs.append(_run(root, name, sign["stage"], _state(sign), log, sign, _spent(sign)))
    return Status(scale, plan, runs)


def _job(root: Path, job: plans.Job, since: int, ended: str | None) -> tuple[str, dict[str, Any], float | None]:
    file = (root / job.log).with_suffix(".status.json")
    told = heartbeat.read(file) if _time(file) >= since else None
    manifests = [root / output for output in job.outputs if output.endswith(layout.MANIFEST)]
    made = [_manifest(path) for path in manifests]
    exists = all((root / output).exists() for output in job.outputs) and all(made)
    again = job.needed and any(_time(path) < since for path in manifests)
    if exists and not again and all(manifest["settings"] == json.loads(job.settings) for manifest in made):
        return "done", {}, max(_worked(manifest) for manifest in made) if made else None
    if told is None or _state(told) == "done":
        return "waiting", {}, None
    return _state(told, ended), told, _spent(told)


def _run(root: Path, name: str, stage: str, state: str, log: str, told: dict[str, Any], seconds: float | None) -> Run:
    lines = _last_lines(root / log) if state in ("failed", "stale") else []
    return Run(name, stage, state, log, seconds, told, [], lines)


def _state(told: dict[str, Any], ended: str | None = None) -> str:
    over = ended is not None and told["started"] < ended
    if told["state"] == "running" and (over or heartbeat.age(told["beat"]) > heartbeat.STALE_SECONDS):
        return "stale"
    return str(told["state"])


def _spent(told: dict[str, Any]) -> float:
    return float(told["earlier_seconds"]) + float(told["seconds"])


def _worked(manifest: dict[str, Any]) -> float:
    return float(manifest["wall_seconds"]) + float(manifest.get("earlier_seconds", 0.0))


def _time(path: Path) -> int:
    """When a file was put there, in ns; 0 where there is none. Of a link, when the link was."""
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def _manifest(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _last_lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.rsplit("\r", 1)[-1] for line in lines if line.strip()][-LOG_LINES:]
