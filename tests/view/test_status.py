"""`gwpipe status` from files alone: every state of a job, and what is said of it."""

import datetime
import json
import os
import re
import subprocess
import sys

import pytest

from gwpipe import cli, heartbeat, layout
from gwpipe.view import plan as plans
from gwpipe.view.plan import Job
from gwpipe.view.status import status_of

VAE_SETTINGS = {"seed": 0, "beta": 0.1}


def job(stage, values, outputs, settings, needed=True, after=()):
    outputs = [path for output in outputs for path in (output, output + layout.MANIFEST)]
    log = layout.log("smoke", stage, *values)
    wildcards = dict(zip(("env", "name"), values))
    return Job(stage, wildcards, outputs, log, json.dumps(settings), needed, list(after))


@pytest.fixture
def asked(checkout):
    """The plan of the made-up checkout, before anything was made."""
    jobs = [
        job("collect", ("simple_shapes", "centre"), [checkout.data], {"seed": 0}),
        job("train_vae", ("simple_shapes", "attr"), [checkout.vae], VAE_SETTINGS, after=[0]),
        job("cache_latents", ("simple_shapes", "attr"), [checkout.latents], {}, after=[0, 1]),
        job("table1", (), [checkout.table], {}, after=[1, 2]),
    ]
    plans.write(checkout.root, "smoke", [checkout.table], jobs)
    past(plans.path(checkout.root, "smoke"), 100)
    return checkout


def past(path, seconds):
    moment = path.stat().st_mtime - seconds
    os.utime(path, (moment, moment))


def sign(asked, number, state="running", age=0.0, **more):
    """Leave the sign of life of the plan's job `number`, last written `age` seconds ago."""
    at = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)).isoformat(timespec="seconds")
    planned = plans.read(asked.root, "smoke").jobs[number]
    told = {"schema": heartbeat.SCHEMA, "stage": planned.stage, "wildcards": planned.wildcards, "scale": "smoke"}
    told |= {"settings": {}, "log": planned.log, "host": "node7", "pid": 1, "started": at, "starts": 1, "beat": at}
    told |= {"earlier_seconds": 0.0, "seconds": 30.0, "state": state, "message": "", "progress": None} | more
    path = (asked.root / planned.log).with_suffix(".status.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))
    past(path, age)
    return path


def states(asked):
    return [run.state for run in status_of(asked.root, "smoke").runs]


def text(capsys, *words):
    assert cli.main(["status", *words]) == 0
    return capsys.readouterr().out


def test_before_anything_is_made_all_waits_for_what_comes_before(asked, capsys):
    assert states(asked) == ["waiting"] * 4
    runs = status_of(asked.root, "smoke").runs
    assert runs[0].waits_for == []
    assert runs[3].waits_for == ["train_vae simple_shapes attr", "cache_latents simple_shapes attr"]
    shown = text(capsys, "--all")
    assert "results/table1.csv" in shown.splitlines()[0]
    assert "4 waiting" in shown.splitlines()[0]
    assert "table1: for train_vae simple_shapes attr and 1 more" in shown
    assert "\033" not in shown


def test_what_was_made_since_with_the_settings_asked_for_is_done(asked):
    asked.make_all(asked.root)
    assert states(asked) == ["done"] * 4


def test_other_settings_are_not_done(asked):
    asked.make_all(asked.root, beta=0.7)
    assert states(asked) == ["done", "waiting", "done", "done"]


def test_what_is_to_be_made_again_is_done_only_once_it_was(asked):
    asked.make_all(asked.root)
    for name in (asked.vae, asked.table):
        past(asked.root / (name + layout.MANIFEST), 200)
    assert states(asked) == ["done", "waiting", "done", "waiting"]


def test_what_need_not_be_made_again_may_be_old(asked):
    jobs = [job("collect", ("simple_shapes", "centre"), [asked.data], {"seed": 0}, needed=False)]
    plans.write(asked.root, "smoke", [asked.data], jobs)
    asked.make_all(asked.root)
    past(asked.root / (asked.data + layout.MANIFEST), 200)
    assert states(asked) == ["done"]


def test_half_an_output_is_not_done(asked):
    asked.make_all(asked.root)
    (asked.root / asked.vae).unlink()
    (asked.root / (asked.latents + layout.MANIFEST)).write_text("{")
    assert states(asked) == ["done", "waiting", "waiting", "done"]


def test_a_running_job_tells_progress_rate_eta_and_metrics(asked, capsys):
    progress = {"done": 50, "total": 200, "unit": "step", "rate": 2.5, "eta_seconds": 60.0, "metrics": {"loss": 0.125}}
    sign(asked, 1, progress=progress, starts=2)
    assert states(asked)[1] == "running"
    (line,) = [line for line in text(capsys).splitlines() if line.startswith("running")]
    for part in ("50/200 steps", "25.0 %", "2.5 steps/s", "ETA 1 min 0 s", "loss 0.125", "(start 2)"):
        assert part in line


def test_a_job_without_a_fresh_sign_of_life_is_stale(asked, capsys):
    plans.write(asked.root, "smoke", [], plans.read(asked.root, "smoke").jobs)
    past(plans.path(asked.root, "smoke"), 2000)
    sign(asked, 1, age=heartbeat.STALE_SECONDS - 30)
    assert states(asked)[1] == "running"
    sign(asked, 1, age=1000)
    assert states(asked)[1] == "stale"
    assert re.search(r"no sign of life for 16 min 4\d s, last on node7", text(capsys))


def test_a_job_that_outlived_snakemake_is_stale_at_once(asked):
    sign(asked, 1, age=20)
    plans.end(asked.root, "smoke", "failed")
    assert states(asked)[1] == "stale"
    assert plans.read(asked.root, "smoke").state == "failed"


def test_a_sign_of_life_from_before_the_plan_does_not_count(asked):
    sign(asked, 1, "failed", age=500)
    assert states(asked)[1] == "waiting"


def test_a_failed_job_tells_message_log_last_lines_and_what_to_try(asked, capsys):
    path = sign(asked, 1, "failed", message="loss = nan; lower max_lr (0.1)")
    log = path.with_name(path.name.replace(".status.json", ".log"))
    log.write_text("\n".join(f"line {k}" for k in range(40)) + "\nend\rbar 3\n")
    assert states(asked)[1] == "failed"
    shown = text(capsys)
    for part in (
        "loss = nan; lower max_lr (0.1)",
        "logs/smoke/train_vae/simple_shapes_attr.log",
        "| line 39",
        "| bar 3",
    ):
        assert part in shown
    assert "line 20" not in shown
    only = text(capsys, "--failed")
    assert "waiting" not in only
    assert "--settings @logs/smoke/train_vae/simple_shapes_attr.status.json" in only


def test_a_run_by_hand_is_told_beside_the_plan(asked):
    asked.make_all(asked.root)
    path = sign(asked, 1)
    path.rename(path.with_name("robodesk_v.status.json"))
    runs = status_of(asked.root, "smoke").runs
    assert [run.state for run in runs] == ["done"] * 4 + ["running"]
    assert runs[4].log == "logs/smoke/train_vae/robodesk_v.log"


def test_json_and_the_scale_asked_for_last(asked, capsys):
    plans.write(asked.root, "paper", ["results/table1.csv"], [])
    assert json.loads(text(capsys, "--json"))["scale"] == "paper"
    told = json.loads(text(capsys, "--json", "--scale", "smoke"))
    assert [run["state"] for run in told["runs"]] == ["waiting"] * 4


def test_where_nothing_was_run_is_one_line(checkout, capsys):
    assert cli.main(["status"]) == 2
    assert capsys.readouterr().err.startswith("gwpipe: nothing was run in ")


def test_looking_imports_nothing_heavy():
    code = "import sys; import gwpipe.cli, gwpipe.view.status_text, gwpipe.view.explain, gwpipe.view.hashes\n"
    code += "heavy = {'torch', 'numpy', 'pandas', 'zarr', 'gymnasium', 'tensorboard', 'snakemake', 'tqdm'}\n"
    code += "print(heavy & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
