"""The status of a run for a person: one line a running or broken run, the others counted by stage."""

import datetime
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gwpipe import heartbeat, layout
from gwpipe.view.status import STATES, Run, Status
from gwpipe.view.words import coloured, duration

WIDTH = 11
TARGETS = 4


def lines(status: Status, every: bool = False, colour: bool = False) -> Iterator[str]:
    """The whole view. every: a line for each run, also for those that are done or wait."""
    yield coloured(_title(status), "bold", colour)
    for state in STATES:
        runs = [run for run in status.runs if run.state == state]
        if state in ("done", "waiting") and not every:
            yield from _by_stage(state, runs, colour)
        else:
            for run in runs:
                yield from _one(run, colour)
    if not status.runs:
        yield "nothing runs and nothing was asked for; `snakemake --cores 8 results/table1.csv` begins"


def failures(status: Status, root: Path, colour: bool = False) -> Iterator[str]:
    """What went wrong alone: which run, what it said, where its log and settings are, and what to try.

    root: the folder that holds `results/`, and `logs/` beside it.
    """
    place = layout.Place(root, status.scale)
    broken = [run for run in status.runs if run.state in ("failed", "stale")]
    for run in broken:
        yield from _one(run, colour)
        settings = root / (run.log.removesuffix(".log") + ".status.json")
        yield f"{'':{WIDTH}}by hand: {layout.by_hand(run.stage, place, settings)}"
    if broken:
        yield "When it is mended, give the same command again: what is done stays, what was cut off goes on."


def _title(status: Status) -> str:
    counts = ", ".join(f"{n} {state}" for state in reversed(STATES) if (n := status.count(state)))
    if status.plan is None:
        return f"scale {status.scale}: not asked for through Snakemake{'; ' + counts if counts else ''}"
    ago = duration(max(heartbeat.age(status.plan.written), 0.0))
    ended = {"done": "; Snakemake has finished", "failed": "; Snakemake has ended with a failure"}
    targets = " ".join(status.plan.targets[:TARGETS])
    if len(status.plan.targets) > TARGETS:
        targets += f" and {len(status.plan.targets) - TARGETS} more"
    return f"scale {status.scale}, {targets}, asked for {ago} ago{ended.get(status.plan.state, '')}: {counts}"


def _by_stage(state: str, runs: list[Run], colour: bool) -> Iterator[str]:
    for stage, count in Counter(run.stage for run in runs).items():
        seconds = sum(run.seconds or 0.0 for run in runs if run.stage == stage)
        took = f", {duration(seconds)}" if state == "done" else ""
        yield f"{coloured(f'{state:{WIDTH}}', state, colour)}{stage}: {count}{took}"


def _one(run: Run, colour: bool) -> Iterator[str]:
    yield f"{coloured(f'{run.state:{WIDTH}}', run.state, colour)}{run.name}{_told(run)}"
    if run.state in ("failed", "stale"):
        if run.told.get("message"):
            yield f"{'':{WIDTH}}{run.told['message']}"
        yield f"{'':{WIDTH}}log {run.log}"
        # What gwpipe itself said at the end of the log is told already.
        yield from (f"{'':{WIDTH}}| {line}" for line in run.last_lines if not line.startswith("gwpipe: "))


def _told(run: Run) -> str:
    told = run.told
    if run.state == "running":
        return _progress(told.get("progress")) + _starts(told)
    if run.state == "stale":
        last = f"no sign of life for {duration(heartbeat.age(told['beat']))}, last on {told['host']}"
        return f": {last}{_progress(told.get('progress'))}"
    if run.state in ("failed", "interrupted"):
        at = datetime.datetime.fromisoformat(told["beat"]).astimezone()
        return f": after {duration(run.seconds or 0.0)}, {at:%Y-%m-%d %H:%M}{_starts(told)}"
    if run.state == "done" and run.seconds is not None:
        return f": {duration(run.seconds)}"
    if run.waits_for:
        first, *others = run.waits_for
        return f": for {first}{f' and {len(others)} more' if others else ''}"
    return ""


def _progress(told: dict[str, Any] | None) -> str:
    if not told:
        return ": begun"
    share = f"{100 * told['done'] / told['total']:.1f} %" if told["total"] else ""
    parts = [f"{told['done']}/{told['total']} {told['unit']}s", share, f"{told['rate']:.3g} {told['unit']}s/s"]
    if told["eta_seconds"] is not None:
        parts.append(f"ETA {duration(told['eta_seconds'])}")
    parts += [f"{name} {value:.4g}" for name, value in told["metrics"].items()]
    return ": " + ", ".join(parts)


def _starts(told: dict[str, Any]) -> str:
    return f" (start {told['starts']})" if told.get("starts", 1) > 1 else ""
