"""`kill -9` in mid-training, the same command again, and the artefact equals the uninterrupted one byte for byte."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gwpipe import metrics
from gwpipe.artefact import hash_path, verify

SHAPES = "environments.simple_shapes"
OVERLAY = ("--configfile", "workflow/scales/smoke.yaml")

CASES = {
    "collect": (
        ["--env", "simple_shapes", "--task", "centre", "--policy", "random"],
        [f"{SHAPES}.representation.data=[{{task: centre, policy: random, rows: 30000, episode_decisions: 1}}]"],
        "data/centre/random.zarr",
    ),
    "train_vae": (
        ["--env", "simple_shapes", "--domain", "v"],
        [f"{SHAPES}.representation.vae.v.optimisation.steps=150"],
        "vae/v/weights.safetensors",
    ),
    "train_workspace": (
        ["--env", "simple_shapes", "--kind", "gw"],
        [f"{SHAPES}.representation.workspace.optimisation.steps=400"],
        "workspace/gw/weights.safetensors",
    ),
    "train_agent": (
        ["--env", "simple_shapes", "--task", "centre", "--method", "gw_dreamer", "--seed", "0"],
        [f"{SHAPES}.agents.env_steps=2000"],
        "agents/centre/gw_dreamer/seed0/weights.safetensors",
    ),
}


def command(checkout, root, stage):
    wildcards, overrides, _ = CASES[stage]
    words = [sys.executable, "-m", "gwpipe.cli", stage, *wildcards, *OVERLAY, "--root", str(root)]
    words += [word for override in overrides for word in ("--set", override)]
    return {"args": [*words, "--checkpoint-seconds", "0"], "cwd": checkout.root, "env": checkout.environment()}


def inputs(checkout, root, stage):
    """The finished smoke run's artefacts, without what `stage` is about to make."""
    shutil.copytree(checkout.root / "results/smoke/simple_shapes", root / "results/smoke/simple_shapes")
    target = root / "results/smoke/simple_shapes" / CASES[stage][2]
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    return target


@pytest.mark.parametrize("stage", CASES)
def test_a_killed_stage_ends_like_an_uninterrupted_one(smoke, tmp_path, stage):
    whole = inputs(smoke, tmp_path / "whole", stage)
    subprocess.run(**command(smoke, tmp_path / "whole", stage), check=True, capture_output=True)

    # On a busy machine the stage may end before this process gets to kill it: then from the beginning, a few times.
    for _ in range(5):
        killed = inputs(smoke, tmp_path / "killed", stage)
        if all(was_killed(command(smoke, tmp_path / "killed", stage), killed) for _ in range(2)):
            break
        shutil.rmtree(tmp_path / "killed")
    else:
        pytest.fail("the stage always ended before it was killed; give it more to do")
    assert not killed.exists()
    subprocess.run(**command(smoke, tmp_path / "killed", stage), check=True, capture_output=True)
    assert hash_path(killed) == hash_path(whole)
    assert verify(killed)["identity"] == verify(whole)["identity"]
    assert measured(tmp_path / "killed", stage) == measured(tmp_path / "whole", stage)
    if stage == "train_agent":
        assert (killed.parent / "curve.csv").read_bytes() == (whole.parent / "curve.csv").read_bytes()


def measured(root, stage):
    """The lines of metrics that a run left, without their times; a collection has none."""
    lines = [line for file in (root / "logs/smoke" / stage).glob("*.metrics.jsonl") for line in metrics.read(file)]
    assert bool(lines) == stage.startswith("train_")
    return [{name: value for name, value in line.items() if name != "time"} for line in lines]


def was_killed(call, target):
    """Start a stage and kill it soon after its next checkpoint; False if it was done before."""
    scratch = target.parent / f".{target.name}.scratch"
    before = newest(scratch)
    process = subprocess.Popen(**call, stderr=subprocess.DEVNULL)
    while newest(scratch) <= before and process.poll() is None:
        time.sleep(0.002)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def newest(scratch):
    """When a checkpoint under `scratch` was last put in place (0 where there is none).

    The stage goes on writing meanwhile, so a file or folder may be gone when it is asked; the next look sees the rest.
    """
    times = [0]
    with contextlib.suppress(FileNotFoundError):
        for path in scratch.rglob("*"):
            if path.suffix in (".safetensors", ".json"):
                times.append(path.stat().st_mtime_ns)
    return max(times)


def folders(scratch):
    """Those of the runs; beside them lies the lock by which one process at a time makes the artefact."""
    return {path for path in scratch.iterdir() if path.is_dir()} if scratch.exists() else set()


def test_a_checkpoint_of_other_settings_is_refused(smoke, tmp_path):
    """Each run has a scratch folder of its own; a checkpoint that was moved into another's is seen."""
    target = inputs(smoke, tmp_path, "train_vae")
    call = command(smoke, tmp_path, "train_vae")
    process = subprocess.Popen(**call, stderr=subprocess.DEVNULL)
    scratch = target.parent / f".{target.name}.scratch"
    while not list(scratch.rglob("*.safetensors")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    (own,) = folders(scratch)
    other = {**call, "args": [*call["args"], "--set", f"{SHAPES}.representation.vae.v.beta=0.3"]}
    process = subprocess.Popen(**other, stderr=subprocess.DEVNULL)
    while len(folders(scratch)) < 2 and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    (second,) = folders(scratch) - {own}
    shutil.copytree(own, second, dirs_exist_ok=True)
    done = subprocess.run(**other, capture_output=True, text=True)
    assert done.returncode == 2
    assert "belongs to other settings" in done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()
