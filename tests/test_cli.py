"""What the command line refuses, in one line and before any work."""

import json

import pytest

from gwpipe.cli import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train_workspce"], "stage 'train_workspce' is unknown; did you mean 'train_workspace'?"),
        (["xyz"], "stage 'xyz' is unknown; valid here: collect, "),
        (["ablate"], "ablate needs --env"),
        (["train_reader", "--settings", "{}"], "--settings also needs --scale"),
        (["train_reader", "--settings", "{}", "--scale", "../elsewhere"], "--scale '../elsewhere' is no scale"),
        (["train_reader", "--settings", "{}", "--scale", ""], "--settings also needs --scale"),
        (["train_reader", "--settings", "{}", "--scale", "a b"], "only letters, digits, _ and - are allowed"),
        (["train_reader", "--settings", "{}", "--scale", "mine"], "--settings: config key 'reader' is missing"),
        (["train_vae", "--env", "simple_shapes"], "train_vae needs --domain"),
        (["figure4", "--scale", "smoke"], "--scale goes with --settings"),
        (["figure4", "--device", "gpu"], "device 'gpu' is unknown; choose cpu, cuda"),
        (["figure4", "--checkpoint-seconds", "nan"], "--checkpoint-seconds must be 0"),
        (["train_workspace", "--env", "robodesk", "--kind", "gw", "--pictures-every", "-1"], "must be 0 (none) or a"),
    ],
)
def test_a_mistake_is_one_line(words, message, capsys, repository, monkeypatch, tmp_path):
    monkeypatch.chdir(repository)
    assert main([*words, *(["--root", str(tmp_path)] if "--settings" in words else [])]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_without_a_configuration_it_says_where_to_stand(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["figure4"]) == 2
    assert capsys.readouterr().err.startswith(
        "gwpipe: there is no config.yaml here; run gwpipe in the project's folder"
    )


def test_settings_and_scale_run_a_stage(tmp_path, repository, monkeypatch, smoke_config):
    monkeypatch.chdir(repository)
    random = {
        "env": "simple_shapes",
        "environment": {"episode_decisions": 2},
        "task": "centre",
        "episodes": 2,
        "seed": 0,
    }
    words = ["random_policy", "--settings", json.dumps(random), "--scale", "mine", "--root", str(tmp_path)]
    assert main(words) == 0
    assert (tmp_path / "results/mine/simple_shapes/agents/centre/random/returns.json").exists()
