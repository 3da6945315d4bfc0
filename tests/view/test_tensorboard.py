"""Metrics as TensorBoard shows them, and that nobody needs TensorBoard before."""

import sys

import pytest

from gwpipe import cli
from gwpipe.metrics import MetricLines


@pytest.fixture
def trained(tmp_path):
    for name in ("train_vae/robodesk_v", "train_agent/robodesk_push_green_gw_dreamer_0"):
        lines = MetricLines(tmp_path / f"logs/smoke/{name}.metrics.jsonl", 0)
        for step in (10, 20, 30):
            lines.write(step, {"loss": 1 / step, "kl": float("nan") if step == 20 else step})
    return tmp_path


def test_every_training_becomes_a_folder_of_scalars(trained, capsys):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    words = ["tensorboard", "--root", str(trained), "--scale", "smoke"]
    assert cli.main(words) == 0
    assert "2 trainings" in capsys.readouterr().out
    folder = trained / "logs/smoke/tensorboard/train_vae/robodesk_v"
    events = EventAccumulator(str(folder)).Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "kl"}
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [
        (step, pytest.approx(1 / step)) for step in (10, 20, 30)
    ]
    assert [event.step for event in events.Scalars("kl")] == [10, 30]
    before = sorted(folder.iterdir())
    assert cli.main(words) == 0
    assert sorted(folder.iterdir()) == before


def test_without_tensorboard_it_is_one_line(trained, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert cli.main(["tensorboard", "--root", str(trained), "--scale", "smoke"]) == 2
    assert capsys.readouterr().err == "gwpipe: TensorBoard is not installed; pip install 'gwpipe[tensorboard]'\n"


def test_no_metrics_is_one_line(tmp_path, capsys):
    assert cli.main(["tensorboard", "--root", str(tmp_path), "--scale", "smoke"]) == 2
    assert "no metrics in" in capsys.readouterr().err
