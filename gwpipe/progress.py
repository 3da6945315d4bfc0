"""Progress of a long stage: a bar with rate and ETA on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

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
        self._bar = tqdm(total=total, unit=unit, desc=label, file=self._stream, disable=not self._stream.isatty())
        if done:
            self.go_on(done)

    def go_on(self, done: int) -> None:
        """What was done before a stop counts, but not in the rate; the log says where it goes on."""
        self.done = self._first = done
        self._bar.initial = self._bar.n = done
        text = f"{self.label}: goes on from {self.unit} {done} of {self.total}"
        self._bar.write(text, file=self._stream)

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

    def due(self) -> bool:
        """Is a line or a redraw wanted soon? Ask before computing a metric that costs something."""
        return time.monotonic() - self._last > LOG_SECONDS

    def _log(self) -> None:
        self._last = time.monotonic()
        rate = (self.done - self._first) / max(self._last - self._start, 1e-9)
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
