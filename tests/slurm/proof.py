"""What `run.sh` does on its one-node Slurm, and the report of it. `python tests/slurm/proof.py FOLDER REPORT`.

Each scenario asserts what it shows, so a report is written only when all went well.
"""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gwpipe.artefact import hash_path

REPOSITORY = Path(__file__).resolve().parents[2]
SMOKE = ["--configfile", "workflow/scales/smoke.yaml"]
# Without an accounting database only squeue knows of jobs that ended; look often, because these jobs are short.
SLURM = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5"]
# Threads of a job that share a busy processor wait for each other.
ONE_THREAD = ["--set-threads", "train_vae=1"]
VAE = "results/smoke/simple_shapes/vae/v/weights.safetensors"
LOG = "logs/smoke/train_vae/simple_shapes_v.log"
STEPS = "environments.simple_shapes.representation.vae.v.optimisation.steps"
RESUMED = re.compile(r"goes on from step (\d+) of (\d+)")
ROWS: list[tuple[str, str, float]] = []


def run(*words: str) -> str:
    """Standard output of a command that must succeed."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Project:
    """A copy of the project in which Snakemake runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}

    def start(self, profile: str, *words: str) -> subprocess.Popen[str]:
        options = SLURM if profile.startswith("slurm") else []
        command = ["snakemake", "--profile", f"workflow/profiles/{profile}", "--latency-wait", "5", *options, *words]
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def copy(self, name: str) -> "Project":
        target = self.folder.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target, symlinks=True)
        return Project(target)


@contextlib.contextmanager
def scenario(what: str) -> Iterator[list[str]]:
    """Times a scenario; what it puts into the list is its outcome."""
    found: list[str] = []
    began = time.monotonic()
    yield found
    ROWS.append((what, "; ".join(found), time.monotonic() - began))
    print(f"{what}: {'; '.join(found)} ({ROWS[-1][2]:.0f} s)", flush=True)


def succeed(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate()
    assert process.returncode == 0, told
    return told


def jobs_in_state(state: str) -> list[str]:
    return run("squeue", "--noheader", "--format=%i", f"--states={state}").split()


def wait_for_training(project: Project) -> None:
    """Until the training's log says that it is on its way."""
    for _ in range(4500):
        with contextlib.suppress(FileNotFoundError):
            if "steps/s" in (project.folder / LOG).read_text():
                return
        time.sleep(0.2)
    raise AssertionError("no training began")


def project(folder: Path) -> Project:
    """A fresh copy of the repository's project."""
    folder.mkdir(parents=True)
    for name in ("Snakefile", "config.yaml", "workflow", "profiles", "gwpipe"):
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    return Project(folder)


def whole_dag(home: Path) -> None:
    mine = project(home / "dag")
    with scenario("smoke scale to `results/table1.csv`, `--profile workflow/profiles/slurm`") as found:
        told = succeed(mine.start("slurm", "--jobs", "4", "results/table1.csv", *SMOKE))
        found.append(f"{len(re.findall('has been submitted with SLURM jobid', told))} Slurm jobs completed")
        again = succeed(mine.start("slurm", "--dry-run", "results/table1.csv", *SMOKE))
        assert "Nothing to be done" in again, again
        found.append("a second call has nothing to do")


class Training:
    """The visual VAE of Simple Shapes as a job that lasts about `seconds` here, and what it makes in one go."""

    def __init__(self, data: Project, seconds: float) -> None:
        self.data = data
        _, log = self._train(some := 50)
        (rate,) = re.findall(rf"{some}/{some} steps, (\S+) steps/s", log)
        self.steps = max(some, round(float(rate) * seconds))
        self.expected, _ = self._train(self.steps)

    def _train(self, steps: int) -> tuple[str, str]:
        """Hash of the weights, and what was told on the way."""
        copy = self.data.copy("whole")
        words = ["train_vae", "--env", "simple_shapes", "--domain", "v", *SMOKE]
        command = [sys.executable, "-m", "gwpipe.cli", *words, "--set", f"{STEPS}={steps}"]
        done = subprocess.run(
            command, cwd=copy.folder, env=copy.environment, check=True, text=True, stderr=subprocess.PIPE
        )
        return hash_path(copy.folder / VAE), done.stderr

    def interrupted(
        self, name: str, what: str, interrupt: Callable[[], None], *words: str, profile: str = "slurm"
    ) -> None:
        """Train as a job, `interrupt` it, and compare what comes out with the training in one go."""
        mine = self.data.copy(name)
        with scenario(what) as found:
            process = mine.start(
                profile, VAE, *SMOKE, "--jobs", "2", *ONE_THREAD, *words, "--config", f"set={STEPS}={self.steps}"
            )
            wait_for_training(mine)
            interrupt()
            told = succeed(process)
            submitted = len(re.findall(r"submitted with SLURM jobid|with external jobid", told))
            log = (mine.folder / LOG).read_text()
            resumed = RESUMED.search(log)
            assert resumed, log
            assert int(resumed[1]) > 0
            found.append(f"submitted {submitted} times" if submitted > 1 else "submitted once, started again by Slurm")
            found.append(f"the last start went on from step {resumed[1]} of {resumed[2]}")
            assert hash_path(mine.folder / VAE) == self.expected
            found.append("weights equal those of a training in one go, byte for byte")


def cancel() -> None:
    for job in jobs_in_state("RUNNING"):
        run("scancel", job)


def nothing() -> None:
    """The time limit does it."""


def node_down_and_up() -> None:
    node = run("sinfo", "--noheader", "--format=%n").strip()
    run("scontrol", "update", f"nodename={node}", "state=down", "reason=proof")
    time.sleep(5)
    assert not jobs_in_state("RUNNING")
    # Refused where the node came back by itself, because its daemon lives.
    subprocess.run(["scontrol", "update", f"nodename={node}", "state=resume"], capture_output=True)


def failing_job(data: Project) -> None:
    mine = data.copy("failing")
    rate = STEPS.replace("steps", "max_lr")
    with scenario("a job that fails (`max_lr=1e30`)") as found:
        process = mine.start("slurm", VAE, *SMOKE, "--retries", "0", "--config", f"set={rate}=1e30")
        told, _ = process.communicate()
        assert process.returncode == 1, told
        assert "lower max_lr" in told, told
        assert not (mine.folder / VAE).exists()
        found.append("Snakemake exits with 1 and shows the job's log, which says what to do")


PRETEND = """
rule all:
    input: expand("held/{i}", i=range(5))

rule train_vae:
    output: "held/{i}"
    shell: "began=$(date +%s.%N); sleep 5; echo $CUDA_VISIBLE_DEVICES $began $(date +%s.%N) > {output}"
"""


def gpus(data: Project) -> None:
    mine = Project(data.folder.with_name("gpus"))
    shutil.copytree(data.folder / "workflow/profiles", mine.folder / "workflow/profiles")
    (mine.folder / "Snakefile").write_text(PRETEND)
    with scenario(
        "five jobs of one GPU each on a node of two (pretended), `--profile workflow/profiles/slurm-gpu`"
    ) as found:
        succeed(mine.start("slurm-gpu", "--jobs", "5"))
        held = [path.read_text().split() for path in (mine.folder / "held").iterdir()]
        assert {device for device, _, _ in held} == {"0", "1"}, held
        spans = sorted((device, float(began), float(ended)) for device, began, ended in held)
        for (one, _, ended), (other, began, _) in itertools.pairwise(spans):
            assert one != other or ended <= began, spans
        found.append("each had a device of its own while it ran")


def main(home: Path, report: Path) -> None:
    version = run("scontrol", "--version").split()[1]
    data = project(home / "data")
    target = "results/smoke/simple_shapes/data/centre/random.zarr"
    local = [sys.executable, "-m", "snakemake", "--cores", "1", target, "--quiet", "rules", *SMOKE]
    subprocess.run(local, cwd=data.folder, env=data.environment, check=True)
    gpus(data)
    whole_dag(home)
    training = Training(data, seconds=40)
    training.interrupted("cancelled", "`scancel` in mid-training", cancel)
    training.interrupted("downed", "node set to down and back in mid-training", node_down_and_up)
    training.interrupted("generic", "`scancel` under `--profile workflow/profiles/generic`", cancel, profile="generic")
    failing_job(data)
    # Long enough for a second start where the processors become twice as fast, with retries for when they become slow.
    limit = ["--set-resources", "train_vae:runtime=2", "--retries", "9"]
    Training(data, seconds=300).interrupted("limited", "a time limit of two minutes", nothing, *limit)
    lines = [
        "# The workflow on Slurm",
        "",
        f"`bash tests/slurm/run.sh` on Slurm {version}, one node, {len(os.sched_getaffinity(0))} processors:",
        "",
        "| what | outcome | s |",
        "|---|---|---|",
        *(f"| {what} | {outcome} | {seconds:.0f} |" for what, outcome, seconds in ROWS),
    ]
    report.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
