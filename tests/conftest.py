"""Fixtures that every room may use, and the table of the faults that were tried."""

import os
from collections import defaultdict
from pathlib import Path

import pytest

# Several workers share few cores; must be set before the first import of torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from gwpipe.settings import Config, load

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def smoke_config() -> Config:
    return load([REPOSITORY / "config.yaml", REPOSITORY / "workflow/scales/smoke.yaml"])


@pytest.fixture(scope="session")
def paper_config() -> Config:
    return load([REPOSITORY / "config.yaml", REPOSITORY / "workflow/scales/paper.yaml"])


def _same(one, other) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


@pytest.fixture(scope="session")
def same():
    """Are two nested states alike, to the last bit and type?"""
    return _same


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults-report", help="also write the table of faults to this file")


@pytest.fixture
def fault(record_property):
    """`fault(kind, tried, lost)`: notes faults of a kind that were tried, and the artefacts that they cost."""

    def note(kind: str, tried: int = 1, lost: int = 0) -> None:
        record_property("fault", [kind, tried, lost])
        assert lost == 0

    return note


def pytest_terminal_summary(terminalreporter, config):
    """The table. A fault that was not survived failed its test."""
    tried, survived, lost = defaultdict(int), defaultdict(int), defaultdict(int)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []) if report.when == "call" else []:
                if name == "fault":
                    tried[value[0]] += value[1]
                    lost[value[0]] += value[2]
                    survived[value[0]] += value[1] * (outcome == "passed")
    if not tried:
        return
    lines = ["| fault | tried | survived | artefacts lost |", "|---|---|---|---|"]
    lines += [f"| {kind} | {tried[kind]} | {survived[kind]} | {lost[kind]} |" for kind in sorted(tried)]
    lines.append(f"| **all** | {sum(tried.values())} | {sum(survived.values())} | {sum(lost.values())} |")
    terminalreporter.section("faults")
    terminalreporter.write_line("\n".join(lines))
    if config.getoption("--faults-report"):
        Path(config.getoption("--faults-report")).write_text("\n".join(lines) + "\n")
