"""How a run from the command line ends, and what is said when it fails."""

import json
import sys
import types

import pytest

from gwpipe import cli, heartbeat
from gwpipe.errors import UserError
from gwpipe.execution import wildcards_of
from gwpipe.settings.stages import STAGES, stage_settings

RUN = ["random_policy", "--env", "simple_shapes", "--task", "centre", "--configfile", "workflow/scales/smoke.yaml"]
STATUS = "logs/smoke/random_policy/simple_shapes_centre.status.json"
LOG = "logs/smoke/random_policy/simple_shapes_centre.log"


@pytest.fixture
def stage(monkeypatch, repository):
    """Give the stage's work for the test; it runs from the repository's root."""
    monkeypatch.chdir(repository)

    def put(run):
        module = types.ModuleType("gwpipe.stages.random_policy")
        module.run = run
        monkeypatch.setitem(sys.modules, "gwpipe.stages.random_policy", module)

    return put


def test_a_mistake_ends_with_run_settings_log_and_what_to_try(stage, tmp_path, capsys):
    def run(settings, place, machine):
        raise UserError("the curves are missing; train first")

    stage(run)
    assert cli.main([*RUN, "--root", str(tmp_path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "gwpipe: the curves are missing; train first"
    assert said[1].startswith("gwpipe: random_policy simple_shapes centre (scale smoke) failed;")
    assert f"{tmp_path}/{STATUS}" in said[1]
    assert f"{tmp_path}/{LOG}" in said[1]
    assert f"gwpipe random_policy --scale smoke --settings @{tmp_path}/{STATUS}" in said[2]
    assert len(said) == 3
    told = heartbeat.read(tmp_path / STATUS)
    assert (told["state"], told["message"]) == ("failed", "the curves are missing; train first")


def test_a_fault_of_ours_leaves_its_traceback_in_the_log_alone(stage, tmp_path, capsys):
    def run(settings, place, machine):
        return {}["what"]

    stage(run)
    assert cli.main([*RUN, "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.startswith("gwpipe: KeyError")
    assert "'what'" in said
    assert "a fault of gwpipe" in said
    log = (tmp_path / LOG).read_text()
    assert log.startswith("Traceback")
    assert 'return {}["what"]' in log


@pytest.mark.parametrize("fault", [MemoryError(), type("OutOfMemoryError", (RuntimeError,), {})("CUDA, 2 GiB")])
def test_out_of_memory_says_what_to_lower(stage, tmp_path, capsys, fault):
    def run(settings, place, machine):
        raise fault

    stage(run)
    assert cli.main([*RUN, "--root", str(tmp_path)]) == 2
    assert "lower batch_size" in capsys.readouterr().err.splitlines()[0]


def test_an_interruption_is_no_failure(stage, tmp_path):
    def run(settings, place, machine):
        raise KeyboardInterrupt

    stage(run)
    assert cli.main([*RUN, "--root", str(tmp_path)]) == 130
    assert heartbeat.read(tmp_path / STATUS)["state"] == "interrupted"


def test_a_run_is_given_again_from_its_status_or_manifest(stage, tmp_path, capsys):
    seen = []
    stage(lambda settings, place, machine: seen.append((settings, place.scale)))
    assert (
        cli.main([*RUN, "--root", str(tmp_path), "--set", "environments.simple_shapes.agents.random_episodes=170"]) == 0
    )
    again = ["random_policy", "--root", str(tmp_path), "--scale", "smoke", "--settings"]
    assert cli.main([*again, f"@{tmp_path / STATUS}"]) == 0
    assert seen[0] == seen[1]
    assert seen[1][0].episodes == 170
    (tmp_path / "other.json").write_text(json.dumps(["no settings"]))
    for path, message in (("other.json", "no settings in it"), ("nothing.json", "No such file")):
        assert cli.main([*again, f"@{tmp_path / path}"]) == 2
        assert message in capsys.readouterr().err


WILDCARDS = {
    "collect": {"env": "robodesk", "task": "push_green", "policy": "expert"},
    "train_vae": {"env": "robodesk", "domain": "v"},
    "cache_latents": {"env": "robodesk", "task": "push_green", "policy": "random", "domain": "attr"},
    "train_workspace": {"env": "simple_shapes", "kind": "clip"},
    "random_policy": {"env": "simple_shapes", "task": "centre"},
    "train_agent": {"env": "simple_shapes", "task": "centre", "method": "gw_dreamer", "seed": "3"},
    "criterion": {"env": "robodesk", "task": "push_green"},
    "count_flops": {"env": "robodesk", "task": "push_green"},
    "train_selection": {"env": "simple_shapes", "rule": "precision", "seed": "0"},
}


@pytest.mark.parametrize("stage_name", WILDCARDS)
def test_a_runs_name_is_read_back_from_its_settings(smoke_config, paper_config, stage_name):
    chosen = WILDCARDS[stage_name]
    assert tuple(chosen) == STAGES[stage_name][2]
    settings = stage_settings(stage_name, smoke_config, paper_config, **chosen)
    assert wildcards_of(stage_name, settings.model_dump(mode="json")) == chosen
