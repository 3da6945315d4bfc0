"""The paper's printed numbers as data: Table I, Tables II-XX as far as they bear on costs, sentences on efficiency.

`table1.csv` holds the cells as printed (N/A: the model has no such part; X: not tested by the authors). `training.csv`
holds the updates that the paper implies for each cell, and from where: `text` or `table` where they follow without
Table I, `inverted` where any part was read back from Table I. `networks.csv` holds each printed parameter count, with
our account of why the layouts used here differ from it. `sentences.csv` holds what the paper says about efficiency,
and below that the questions it leaves open (without a section).
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Model = Literal["gw_dreamer", "dreamer_12m", "dreamer_40m", "vae_dreamer", "clip_dreamer"]
Component = Literal["vae", "gw", "rl_1_task", "rl_6_tasks", "rl_4_extra_tasks"]

MODELS: tuple[Model, ...] = ("gw_dreamer", "dreamer_12m", "dreamer_40m", "vae_dreamer", "clip_dreamer")
"""Rows of Table I, in its order."""
COMPONENTS: tuple[Component, ...] = ("vae", "gw", "rl_1_task", "rl_6_tasks", "rl_4_extra_tasks")
"""Columns of Table I, in its order."""
TABLE1_ENVIRONMENT = "robodesk"
"""The one environment of the printed Table I."""

_FOLDER = Path(__file__).parent
FILES = tuple(sorted(_FOLDER.glob("*.csv")))
"""The data files: no import statement names them, so a rule that uses them has to."""


@dataclass(frozen=True)
class Cell:
    """A cell of Table I as printed (empty: there is none), and its number of operations where it has one."""

    printed: str

    @property
    def flops(self) -> float | None:
        return None if self.printed in ("N/A", "X", "") else float(self.printed)


@dataclass(frozen=True)
class Training:
    """Updates (and environment steps) that the paper implies; None where it gives none. `source` as above, or empty."""

    updates: int | None
    env_steps: int | None
    source: str
    note: str


@dataclass(frozen=True)
class Network:
    """A printed parameter count: where, as printed, as a number, and why ours differs."""

    env: str
    table: str
    network: str
    printed: str
    value: int
    why: str


@dataclass(frozen=True)
class Sentence:
    """What the paper says about efficiency; no section: it does not say it. `figure` is its number, if it has one;
    `comment` is ours."""

    id: str
    section: str
    sentence: str
    figure: float | None
    comment: str


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _integer(text: str) -> int | None:
    return int(text) if text else None


@functools.cache
def table1() -> dict[tuple[str, str], Cell]:
    """(model, component) → the printed cell."""
    return {(row["model"], row["component"]): Cell(row["printed"]) for row in _rows("table1.csv")}


@functools.cache
def training() -> dict[tuple[str, str, str], Training]:
    """(environment, model, component) → the updates that the paper implies."""
    return {
        (row["env"], row["model"], row["component"]): Training(
            _integer(row["updates"]), _integer(row["env_steps"]), row["source"], row["note"]
        )
        for row in _rows("training.csv")
    }


@functools.cache
def networks() -> tuple[Network, ...]:
    """Every printed parameter count of Tables II-XIX and of the text around them."""
    return tuple(
        Network(row["env"], row["table"], row["network"], row["printed"], int(row["value"]), row["why"])
        for row in _rows("networks.csv")
    )


@functools.cache
def hyperparameters() -> dict[tuple[str, str, str], int]:
    """(table, environment, name) → value, of Tables VI, X, XVII and XX as far as they bear on costs."""
    return {(row["table"], row["env"], row["name"]): int(row["value"]) for row in _rows("hyperparameters.csv")}


@functools.cache
def sentences() -> tuple[Sentence, ...]:
    """The paper's sentences on efficiency, then the open questions."""
    return tuple(
        Sentence(
            row["id"],
            row["section"],
            row["sentence"],
            float(row["paper_figure"]) if row["paper_figure"] else None,
            row["comment"],
        )
        for row in _rows("sentences.csv")
    )
