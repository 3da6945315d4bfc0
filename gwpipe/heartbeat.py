"""A sign of life beside the log: which run this is, how far it has come and how it ended, for `gwpipe status`.

`RUN.status.json` is written at the start, every `BEAT_SECONDS` by a thread of its own, and at the end. Whoever reads it
may sit on another machine of a shared file system: only what stands in the file counts, no process is asked. A running
state whose last beat is older than `STALE_SECONDS` belongs to a process that is gone.

A process makes one run, so there is one heartbeat at a time; `current` finds it. A view never stops a run: where the
files cannot be written, the run goes on without them.
"""

import contextlib
import datetime
import json
import os
import platform
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

SCHEMA = 1
BEAT_SECONDS = 10.0
STALE_SECONDS = 120.0
"""Twelve beats: leaves room for clocks that differ and for what network file systems remember."""

State = str
"""`running`, `done`, `failed` (with a message) or `interrupted` (from the keyboard)."""


class Watched(Protocol):
    """Whose progress the beats tell."""

    def snapshot(self) -> dict[str, Any]:
        """Plain numbers and strings; called from another thread."""


class Heartbeat:
    """Keeps `status` up to date while its block runs.

    facts: what the file says besides: stage, wildcards, scale, settings, log.
    """

    def __init__(self, status: Path, facts: dict[str, Any], beat_seconds: float = BEAT_SECONDS) -> None:
        self.status = status
        self.metrics = status.with_name(status.name.removesuffix(".status.json") + ".metrics.jsonl")
        self._began = time.monotonic()
        earlier, starts = _cut_off(status, facts)
        self.starts, self.earlier_seconds = starts + 1, earlier
        self.started = now()
        self._facts = {
            "schema": SCHEMA,
            **facts,
            "host": platform.node(),
            "pid": os.getpid(),
            "started": self.started,
            "starts": self.starts,
            "earlier_seconds": round(earlier, 1),
        }
        self._end: dict[str, Any] = {"state": "running", "message": ""}
        self._watched: Watched | None = None
        self._beat_seconds = beat_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beats, daemon=True, name="heartbeat")

    def watch(self, watched: Watched) -> None:
        """Tell of this progress from now on."""
        self._watched = watched

    def end(self, state: State, message: str = "") -> None:
        """How the run ended; written when the block is left."""
        self._end = {"state": state, "message": message}

    def seconds(self) -> float:
        """Since this start."""
        return time.monotonic() - self._began

    def _beats(self) -> None:
        while not self._stop.wait(self._beat_seconds):
            self._write()

    def _write(self) -> None:
        told = {**self._facts, **self._end, "beat": now(), "seconds": round(self.seconds(), 1)}
        told["progress"] = self._watched.snapshot() if self._watched is not None else None
        partial = self.status.with_name(f".{self.status.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):
            self.status.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(told, indent=1) + "\n")
            os.replace(partial, self.status)

    def __enter__(self) -> Self:
        global _current
        _current = self
        self._write()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _current
        _current = None
        self._stop.set()
        self._thread.join()
        if self._end["state"] == "running":
            self.end("done" if fault is None else "failed", "" if fault is None else f"{type(fault).__name__}: {fault}")
        self._write()


_current: Heartbeat | None = None


def current() -> Heartbeat | None:
    """The heartbeat of the run that this process makes; None outside one."""
    return _current


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def read(status: Path) -> dict[str, Any] | None:
    """What a status file says; None where there is none, or none of this schema."""
    try:
        told = json.loads(status.read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and told.get("schema") == SCHEMA else None


def age(moment: str) -> float:
    """Seconds since a moment given by `now`, perhaps on another machine."""
    return (datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(moment)).total_seconds()


def _cut_off(status: Path, facts: dict[str, Any]) -> tuple[float, int]:
    """Seconds and number of earlier starts of the same run with the same settings that did not reach its end."""
    told = read(status)
    if told is None or told["state"] == "done" or told.get("settings") != facts.get("settings"):
        return 0.0, 0
    return float(told["earlier_seconds"]) + float(told["seconds"]), int(told["starts"])
