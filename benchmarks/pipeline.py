"""What the pipeline itself costs: dry runs of the paper-scale DAG, and the start of each stage's process.

    python benchmarks/pipeline.py [--rounds 5] [--configfile workflow/scales/paper.yaml] [--target results/table1.csv]

Everything happens in a copy of the project in a temporary folder; nothing is trained. Of each round the least is
printed, as wall time and as processor time, which other work on the machine disturbs less.
"""

import argparse
import importlib.util
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gwpipe.settings.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("Snakefile", "config.yaml", "workflow", "profiles", "gwpipe")
HEAVY = ("torch", "pandas", "scipy", "matplotlib", "zarr", "gymnasium", "mujoco", "numba")


class Checkout:
    """A copy of the project to run commands in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, root / name)

    def run(self, *words: str) -> str:
        """Run Python with these words; what it printed."""
        environment = {**os.environ, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, *words], cwd=self.root, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def cost(self, *words: str, rounds: int) -> tuple[float, float]:
        """Least wall and least processor seconds of a command."""
        walls, processors = [], []
        for _ in range(rounds):
            before, begun = _children(), time.perf_counter()
            self.run(*words)
            walls.append(time.perf_counter() - begun)
            processors.append(_children() - before)
        return min(walls), min(processors)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pretend(checkout: Checkout, snakemake: list[str]) -> None:
    """Put an empty file or folder where each output belongs, and have Snakemake take them for its own."""
    told = checkout.run(*snakemake, "-n", "--quiet", "host")
    for line in re.findall(r"^ +output: (.*)$", told, re.MULTILINE):
        for name in line.split(", "):
            path = checkout.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".zarr":
                path.mkdir()
            else:
                path.touch()
    checkout.run(*snakemake, "--touch", "--cores", "1")


def jobs_of(told: str) -> dict[str, int]:
    """Rule → jobs, from the table that a dry run prints."""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", told, re.MULTILINE)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--configfile", default="workflow/scales/paper.yaml")
    parser.add_argument("--target", default="results/table1.csv")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        snakemake = ["-m", "snakemake", chosen.target, "--configfile", chosen.configfile]
        jobs = jobs_of(checkout.run(*snakemake, "-n"))
        print(f"| `snakemake -n {chosen.target}`, {chosen.configfile} | jobs | wall s | processor s |")
        print("| --- | --- | --- | --- |")
        line = "| {} | {} | {:.2f} | {:.2f} |"
        alone = ["-m", "snakemake", "--version"]
        print(line.format("`snakemake --version`, to compare", "", *checkout.cost(*alone, rounds=chosen.rounds)))
        print(line.format("everything to do", jobs["total"], *checkout.cost(*snakemake, "-n", rounds=chosen.rounds)))
        pretend(checkout, snakemake)
        left = checkout.run(*snakemake, "-n")
        if "Nothing to be done" not in left:
            raise SystemExit(f"the pretended outputs do not satisfy Snakemake\n{left}")
        print(line.format("nothing to do", 0, *checkout.cost(*snakemake, "-n", rounds=chosen.rounds)))
        status = ["-m", "gwpipe.cli", "status", "--scale", "paper"]
        print(line.format("`gwpipe status` beside it", "", *checkout.cost(*status, rounds=chosen.rounds)))
        print("\n| stage | jobs | wall s to start | processor s to start | of the packages that take long |")
        print("| --- | --- | --- | --- | --- |")
        for stage in STAGES:
            if importlib.util.find_spec(f"gwpipe.stages.{stage}") is None:
                continue
            load = f"import sys, gwpipe.cli, gwpipe.stages.{stage}"
            loaded = checkout.run("-c", f"{load}; print(*(m for m in {HEAVY} if m in sys.modules))").strip()
            wall, processor = checkout.cost("-c", load, rounds=chosen.rounds)
            print(f"| {stage} | {jobs.get(stage, 0)} | {wall:.2f} | {processor:.2f} | {loaded or '–'} |")


if __name__ == "__main__":
    main()
