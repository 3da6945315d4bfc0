"""Metrics as JSON lines, and that a training which was cut off writes no step twice."""

import io
import json

from gwpipe import metrics
from gwpipe.heartbeat import Heartbeat
from gwpipe.metrics import MetricLines
from gwpipe.progress import Progress

FACTS = {"stage": "train_vae", "wildcards": {}, "scale": "smoke", "settings": {}, "log": "x.log"}


def steps(path):
    return [line["step"] for line in metrics.read(path)]


def test_lines_are_added_and_what_follows_the_checkpoint_is_cut_off(tmp_path):
    path = tmp_path / "logs" / "run.metrics.jsonl"
    lines = MetricLines(path, 0)
    for step in (2, 4, 6):
        lines.write(step, {"loss": step / 2})
    with path.open("a") as file:
        file.write('{"step": 8, "lo')  # killed in the middle of a line
    assert steps(path) == [2, 4, 6]
    resumed = MetricLines(path, 4)
    assert steps(path) == [2, 4]
    resumed.write(6, {"loss": 3.0})
    assert steps(path) == [2, 4, 6]
    assert metrics.read(path)[-1]["loss"] == 3.0
    MetricLines(path, 0)
    assert steps(path) == []


def test_what_is_no_number_is_null(tmp_path):
    MetricLines(tmp_path / "m", 0).write(1, {"loss": float("nan"), "kl": float("inf"), "x": 1.5})
    line = json.loads((tmp_path / "m").read_text(), parse_constant=lambda name: f"{name} is no JSON")
    assert (line["loss"], line["kl"], line["x"]) == (None, None, 1.5)


def test_about_so_many_lines():
    assert metrics.interval(0) == metrics.interval(3) == 1
    assert 500_000 // metrics.interval(500_000) == metrics.LINES


def test_progress_writes_them_beside_the_sign_of_life(tmp_path):
    with (
        Heartbeat(tmp_path / "run.status.json", FACTS) as beat,
        Progress(10, "step", "train_vae", done=5, stream=io.StringIO()) as progress,
    ):
        beat.metrics.write_text('{"step": 5, "time": 0, "loss": 2}\n{"step": 7, "time": 0, "loss": 1}\n')
        progress.update(2)
        progress.record(7, loss=0.5)
        assert progress.snapshot()["metrics"] == {"loss": 0.5}
    assert steps(tmp_path / "run.metrics.jsonl") == [5, 7]
    assert metrics.read(tmp_path / "run.metrics.jsonl")[-1]["loss"] == 0.5


def test_outside_a_run_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Progress(10, "step", "train_vae", stream=io.StringIO()) as progress:
        progress.record(1, loss=0.5)
    assert list(tmp_path.iterdir()) == []


def test_the_rate_counts_from_where_a_training_was_resumed():
    progress = Progress(1000, "step", "train_agent", stream=io.StringIO())
    progress.resume(900)
    progress.update(10)
    progress._start -= 10.0
    told = progress.snapshot()
    assert told["done"] == 910
    assert 0.9 < told["rate"] < 1.1
    assert 80 < told["eta_seconds"] < 100
