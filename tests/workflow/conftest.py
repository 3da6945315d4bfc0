"""A copy of the project in which Snakemake may run and files may be edited."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "gwpipe")


class Checkout:
    """A folder with the project in it; everything runs on the copy's code."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def snakemake(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
        return self._run(command, check)

    def gwpipe(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "-m", "gwpipe.cli", *words], check)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}

    def _run(self, command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=self.root, env=self.environment(), capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def planned(self, *words: str) -> set[str]:
        """`rule` or `rule:wildcard,wildcard` of every job that a dry run would start."""
        done = self.snakemake(*words, "-n", "--quiet", "host")
        jobs = set()
        for block in re.split(r"\n(?=(?:local)?rule )", done.stdout + done.stderr):
            rule = re.match(r"(?:local)?rule (\w+):", block)
            if not rule:
                continue
            wildcards = re.search(r"wildcards: (.*)", block)
            values = [pair.split("=")[1] for pair in wildcards[1].split(", ")] if wildcards else []
            jobs.add(":".join([rule[1], ",".join(values)]) if values else rule[1])
        return jobs


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    """All that shares the smoke run belongs to one worker, or each worker would make its own."""
    for item in items:
        if {"smoke", "copy_project"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("workflow"))


@pytest.fixture(scope="session")
def copy_project(repository):
    """Make a checkout in an empty folder."""

    def copy(target: Path) -> Checkout:
        target.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            source = repository / name
            if source.is_dir():
                # Times are kept, so numba's compiled code (in __pycache__) stays valid.
                shutil.copytree(source, target / name)
            else:
                shutil.copy2(source, target / name)
        return Checkout(target)

    return copy


@pytest.fixture(scope="session")
def smoke(copy_project, tmp_path_factory):
    """A checkout in which the smoke scale ran from nothing to the table and to the success counts on several tasks."""
    checkout = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    checkout.snakemake("results/table1.csv", *(f"results/figures/figure{n}.png" for n in (7, 8)), *SMOKE)
    return checkout


SMOKE = ("--configfile", "workflow/scales/smoke.yaml")
