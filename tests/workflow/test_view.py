"""What `gwpipe status`, `explain` and `hashes` say of a real run, and what a failed job leaves behind."""

import json
import shutil

import pytest

from gwpipe import layout, metrics
from gwpipe.view import plan

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")
TRAININGS = {"train_vae", "train_workspace", "train_agent"}


def test_the_plan_knows_every_job_and_its_sign_of_life(smoke):
    jobs = plan.read(smoke.root, "smoke").jobs
    assert len(jobs) == len(list((smoke.root / "logs/smoke").glob("*/*.status.json"))) > 20
    for job in jobs:
        assert job.log == layout.log("smoke", job.stage, *job.wildcards.values())
        assert (smoke.root / job.log).with_suffix(".status.json").exists()


def test_after_the_run_all_is_done(smoke):
    told = json.loads(smoke.gwpipe("status", "--json").stdout)
    assert told["scale"] == "smoke"
    assert {run["state"] for run in told["runs"]} == {"done"}
    assert len(told["runs"]) == len(plan.read(smoke.root, "smoke").jobs)
    first = smoke.gwpipe("status").stdout.splitlines()[0]
    assert "results/table1.csv" in first
    assert f"Snakemake has finished: {len(told['runs'])} done" in first


def test_every_training_has_metrics_and_no_step_twice(smoke):
    files = sorted((smoke.root / "logs/smoke").rglob("*.metrics.jsonl"))
    assert {file.parent.name for file in files} == TRAININGS
    assert len(files) == sum(job.stage in TRAININGS for job in plan.read(smoke.root, "smoke").jobs)
    for file in files:
        lines = metrics.read(file)
        assert lines
        steps = [line["step"] for line in lines]
        assert steps == sorted(steps)
        points = [(line["step"], name) for line in lines for name in line if name not in ("step", "time")]
        assert len(points) == len(set(points))


def test_the_table_is_explained_down_to_the_data(smoke):
    done = smoke.gwpipe("explain", "results/table1.csv", "--json", "--verify")
    told = json.loads(done.stdout)
    assert told["problems"] == []
    # Methods on raw observations have no inputs, so their agents are roots too.
    roots = {name for name, manifest in told["manifests"].items() if not manifest["inputs"]}
    assert sum("/data/" in name for name in roots) == 3
    assert {told["manifests"][name]["stage"] for name in roots} == {
        "collect",
        "random_policy",
        "count_flops",
        "train_agent",
    }
    page = (smoke.root / layout.TABLE1_PAGE).read_text()
    assert page.count("<table>") >= 7
    assert "data/push_green/expert.zarr" in page


def test_hashes_agree_with_themselves(smoke, tmp_path):
    listed = smoke.gwpipe("hashes", "--verify").stdout
    assert listed.count("\n") > 30
    (tmp_path / "list").write_text(listed)
    assert "artefacts have the same content" in smoke.gwpipe("hashes", "--compare", str(tmp_path / "list")).stdout


@pytest.fixture
def broken(smoke, tmp_path):
    """A copy of the finished checkout in which a curve was edited by hand."""
    root = tmp_path / "project"
    shutil.copytree(smoke.root, root, symlinks=True)
    with (root / "results/smoke/simple_shapes/agents/centre/gw_dreamer/seed0/curve.csv").open("a") as file:
        file.write("edited\n")
    return type(smoke)(root)


def test_a_failed_job_is_told_at_the_end_of_snakemake_and_by_status(broken):
    target = "results/smoke/simple_shapes/criterion/centre.json"
    done = broken.snakemake(target, "--forcerun", "criterion", "--rerun-triggers", "mtime", *SMOKE, check=False)
    assert done.returncode != 0
    end = done.stderr[done.stderr.index("Exiting because a job execution failed") :]
    log = "logs/smoke/criterion/simple_shapes_centre"
    assert "failed     criterion simple_shapes centre" in end
    assert "curve.csv differs from what its manifest says (damaged or edited); make it again" in end
    assert f"log {log}.log" in end
    assert f"by hand: gwpipe criterion --scale smoke --settings @{log}.status.json" in end
    assert "Traceback" not in done.stdout + done.stderr
    shown = broken.gwpipe("status").stdout
    assert "Snakemake has ended with a failure" in shown
    assert "1 failed" in shown
    again = broken.gwpipe("criterion", "--scale", "smoke", "--settings", f"@{log}.status.json", check=False)
    assert again.returncode == 2
    assert "differs from what its manifest says" in again.stderr.splitlines()[0]
