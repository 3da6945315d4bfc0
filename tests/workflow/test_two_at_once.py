"""Two `snakemake` in one folder: the second is turned away, and the first is none the worse."""

import subprocess
import sys
import time

import pytest

from gwpipe.artefact import verify

TARGET = "results/smoke/simple_shapes/data/centre/random.zarr"
# Quoted as in JSON: overrides are parted at spaces, and YAML wants one behind a bare key.
SLOWLY = (
    "set=environments.simple_shapes.representation.data="
    '[{"task":"centre","policy":"random","rows":20000,"episode_decisions":1}]'
)


@pytest.mark.slow
@pytest.mark.faults
def test_the_second_is_turned_away(copy_project, tmp_path, fault):
    checkout = copy_project(tmp_path / "project")
    words = [TARGET, "--configfile", "workflow/scales/smoke.yaml", "--config", SLOWLY]
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *words]
    first = subprocess.Popen(command, cwd=checkout.root, env=checkout.environment(), stderr=subprocess.DEVNULL)
    while not list(checkout.root.glob("results/smoke/simple_shapes/data/centre/.random.zarr.scratch/*/*")):
        assert first.poll() is None
        time.sleep(0.1)
    second = checkout.snakemake(*words, check=False)
    assert second.returncode != 0
    assert "cannot be locked" in second.stdout + second.stderr
    assert first.wait() == 0
    assert verify(checkout.root / TARGET)["results"]["rows"] >= 20000
    fault("two snakemake in one folder")
