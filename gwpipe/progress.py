"""Progress of a long stage: a bar on a terminal or a line now and then in a log, a heartbeat, and its metrics."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from gwpipe import heartbeat
from gwpipe.metrics import MetricLines

LOG_SECONDS = 15.0


class Progress:
    """Counts `unit`s towards `total`; use as a context manager.

    >>> with Progress(100, "step", "train_vae") as progress:  # doctest: +SKIP
    ...     progress.update(1, loss=0.5)
    """

    def __init__(self, total: int, unit: str, label: str, done: int = 0, stream: TextIO | None = None) -> None:
        self.total, self.unit, self.label = total, unit, label
        self.done = self._first = 0
        self._stream = stream or sys.stderr
        self._start = self._last = time.monotonic()
        self._metrics: dict[str, float] = {}
        self._lines: MetricLines | None = None
        self._bar = tqdm(total=total, unit=unit, desc=label, file=self._stream, disable=not self._stream.isatty())
        if done:
            self.resume(done)
        if (beat := heartbeat.current()) is not None:
            beat.watch(self)

    def resume(self, done: int) -> None:
        """An earlier start has done so much already; the rate counts from here, and the log says so."""
        self.done = self._first = done
        self._start = time.monotonic()
        if not self._bar.disable:
            self._bar.reset(total=self.total)
            self._bar.update(done)
        self._bar.write(f"{self.label}: goes on from {self.unit} {done} of {self.total}", file=self._stream)

    def update(self, count: int = 1, **metrics: float) -> None:
        """`count` more units are done; `metrics` are shown beside the rate."""
        self.done += count
        self._metrics.update(metrics)
        if not self._bar.disable:
            if metrics:
                self._bar.set_postfix({k: f"{v:.4g}" for k, v in self._metrics.items()}, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last > LOG_SECONDS:
            self._log()

    def record(self, step: int, **metrics: float) -> None:
        """Keep what was measured after `step` steps as a line of the run's metrics (nowhere outside a run)."""
        beat = heartbeat.current()
        if beat is None:
            return
        self._metrics.update(metrics)
        try:
            if self._lines is None:
                self._lines = MetricLines(beat.metrics, self._first)
            self._lines.write(step, metrics)
        except OSError:
            return  # a view never stops a run

    def due(self) -> bool:
        """Is a line or a redraw wanted soon? Ask before computing a metric that costs something."""
        return time.monotonic() - self._last > LOG_SECONDS

    def snapshot(self) -> dict[str, Any]:
        """How far it is, for the heartbeat; `eta_seconds` is None before the first unit."""
        rate = self._rate()
        left = max(self.total - self.done, 0)
        return {
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "rate": round(rate, 4),
            "eta_seconds": round(left / rate, 1) if rate > 0 else None,
            "metrics": {name: float(f"{value:.6g}") for name, value in list(self._metrics.items())},
        }

    def _rate(self) -> float:
        """Units a second since this start."""
        return (self.done - self._first) / max(time.monotonic() - self._start, 1e-9)

    def _log(self) -> None:
        self._last = time.monotonic()
        rate = self._rate()
        left = max(self.total - self.done, 0) / rate if rate > 0 else float("inf")
        shown = "  ".join(f"{k} {v:.4g}" for k, v in self._metrics.items())
        text = (
            f"{self.label}: {self.done}/{self.total} {self.unit}s, {rate:.3g} {self.unit}s/s, ETA {left:.0f} s  {shown}"
        )
        print(text.rstrip(), file=self._stream, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar.disable:
            self._log()
        self._bar.close()


def every(seconds: float) -> Callable[[], bool]:
    """A clock that says True once each `seconds` (for checkpoints), counted from its making."""
    last = time.monotonic()

    def due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < seconds:
            return False
        last = now
        return True

    return due
