"""Metrics of a training as JSON lines, `{"step": …, "time": …, name: value, …}`, beside its log.

`step` counts what is done, `time` is in seconds since 1970. Lines are only ever added, but for one case: a start that
goes on from a checkpoint first cuts off what was written after it, so that no step stands there twice.
"""

import contextlib
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINES = 500
"""About how many lines a training's updates give, however long it is."""


class MetricLines:
    """Appends to the file `path` of a training of which `first` steps are done."""

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        kept = [line for line in read(path) if line["step"] <= first] if first else []
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_text("".join(json.dumps(line) + "\n" for line in kept))
        os.replace(partial, path)

    def write(self, step: int, metrics: dict[str, float]) -> None:
        """Add one line; what is not a finite number becomes null."""
        values = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, "time": round(time.time(), 3), **values}) + "\n")


def interval(total: int) -> int:
    """Which of `total` updates are written: every n-th, so that there are about `LINES` of them."""
    return max(1, total // LINES)


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file, in their order; none where there is no file.

    A line that a kill cut short is passed over.
    """
    lines = []
    with contextlib.suppress(FileNotFoundError):
        lines = path.read_text().splitlines()
    return list(_whole(lines))


def _whole(lines: list[str]) -> Iterator[dict[str, Any]]:
    for text in lines:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict) and "step" in line:
                yield line
