"""Profiles: machines are named there alone, all ask for the same, and each resolves."""

import itertools
import subprocess
import sys

import pytest
import yaml

from gwpipe.settings.stages import STAGES

PROFILES = ("slurm", "slurm-gpu", "generic", "kubernetes", "workstation")
GPUS = ("slurm-gpu", "workstation")
TARGET = "results/smoke/simple_shapes/vae/v/weights.safetensors"
SMOKE = ("--configfile", "workflow/scales/smoke.yaml")


def read(repository, name):
    return yaml.safe_load((repository / f"workflow/profiles/{name}/config.yaml").read_text())


@pytest.mark.parametrize("name", PROFILES)
def test_all_profiles_ask_for_the_same(repository, name):
    profile, slurm = read(repository, name), read(repository, "slurm")
    for key in ("default-resources", "set-threads"):
        assert profile[key] == slurm[key]
    bare = {
        rule: {key: value for key, value in wanted.items() if key not in ("gpu", "device")}
        for rule, wanted in profile["set-resources"].items()
    }
    assert bare == slurm["set-resources"]
    assert set(bare) | set(profile["set-threads"]) <= set(STAGES)
    assert all(profile.get("retries", 0) >= 1 for _ in bare)


@pytest.mark.parametrize("name", PROFILES)
def test_who_gets_a_gpu_computes_on_it(repository, name):
    for wanted in read(repository, name)["set-resources"].values():
        assert ("gpu" in wanted) == ("device" in wanted)
        assert "gpu" not in wanted or name in GPUS


def test_the_science_names_no_machine(repository):
    texts = [path.read_text() for path in [repository / "config.yaml", *(repository / "workflow/scales").iterdir()]]
    for word in ("partition", "mem_mb", "runtime", "cuda", "slurm"):
        assert not any(word in text for text in texts)


@pytest.fixture(scope="module")
def checkout(copy_project, tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("profiles") / "project")


@pytest.mark.parametrize(
    "name",
    [
        "slurm-gpu",
        "kubernetes",
        "workstation",
        pytest.param("slurm", marks=pytest.mark.slow),
        pytest.param("generic", marks=pytest.mark.slow),
    ],
)
def test_it_resolves(checkout, tmp_path, name):
    storage = ("--default-storage-prefix", str(tmp_path)) if name == "kubernetes" else ()
    profile = ("--profile", f"workflow/profiles/{name}")
    done = checkout.snakemake("-n", TARGET, *profile, *SMOKE, *storage, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (job,) = [block for block in done.stdout.split("\n\n") if "rule train_vae:" in block]
    assert "mem_mb=32000" in job
    assert "runtime=1440" in job
    assert f"device={'cpu' if name not in GPUS else 'cuda:free' if name == 'workstation' else 'cuda'}" in job
    assert ("gpu=1" in job) == (name in GPUS)


PRETEND = """
rule all:
    input: expand("held/{{i}}", i=range(6))

rule train_vae:
    output: "held/{{i}}"
    shell: "{python} hold.py {{output}}"
"""
HOLD = """
import sys, time
from pathlib import Path
from gwpipe.machine import claim_one
device = claim_one(2, Path("devices"), 0.05)
began = time.time()
time.sleep(0.3)
Path(sys.argv[1]).write_text(f"{device} {began} {time.time()}")
"""


def test_jobs_of_a_workstation_share_its_devices(repository, tmp_path):
    """More jobs at a time than devices, as if the limit of the profile were wrong: still one job a device."""
    (tmp_path / "Snakefile").write_text(PRETEND.format(python=sys.executable))
    (tmp_path / "hold.py").write_text(HOLD)
    profile = repository / "workflow/profiles/workstation"
    command = [sys.executable, "-m", "snakemake", "--profile", str(profile), "--cores", "24", "--resources", "gpu=4"]
    subprocess.run(command, cwd=tmp_path, env=None, check=True, capture_output=True)
    held = [path.read_text().split() for path in (tmp_path / "held").iterdir()]
    assert {device for device, _, _ in held} == {"0", "1"}
    spans = sorted((device, float(began), float(ended)) for device, began, ended in held)
    for (one, _, ended), (other, began, _) in itertools.pairwise(spans):
        assert one != other or ended <= began
