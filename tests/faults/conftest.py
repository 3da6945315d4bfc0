"""The artefacts that faults are tried on, and the table of what was tried."""

import shutil
from collections import defaultdict
from pathlib import Path

import harness
import pytest

HEADER = "| fault | tried | survived | artefacts lost |"


def pytest_addoption(parser):
    parser.addoption("--faults-report", help="also write the table of faults to this file")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A root in which the representation of Simple Shapes was made at smoke scale."""
    root = tmp_path_factory.mktemp("finished")
    told = root / "told.log"
    for stage in harness.STAGES[:4]:
        wildcards, target = harness.CASES[stage].wildcards, harness.CASES[stage].target
        harness.finish(harness.Case(stage, wildcards, target).words(root, 60), told)
        if stage in ("train_vae", "cache_latents"):  # of the other domain
            other = tuple("attr" if word == "v" else word for word in wildcards)
            harness.finish(harness.Case(stage, other, target).words(root, 60), told)
    return root


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished root."""
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    return root


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
    lines = [HEADER, "|---|---|---|---|"]
    lines += [f"| {kind} | {tried[kind]} | {survived[kind]} | {lost[kind]} |" for kind in sorted(tried)]
    lines.append(f"| **all** | {sum(tried.values())} | {sum(survived.values())} | {sum(lost.values())} |")
    terminalreporter.section("faults")
    terminalreporter.write_line("\n".join(lines))
    if config.getoption("--faults-report"):
        Path(config.getoption("--faults-report")).write_text("\n".join(lines) + "\n")
