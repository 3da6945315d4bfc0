"""measure_expert and expert_table: from episodes to the table."""

import importlib

import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings


def run(stage, config, place, **wildcards):
    settings = stage_settings(stage, config, **wildcards)
    importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())


def test_the_table_has_a_row_a_task(smoke_config, tmp_path):
    place = Place(tmp_path, "smoke")
    tasks = smoke_config.environments.robodesk.experts.tasks
    for task in tasks:
        run("measure_expert", smoke_config, place, env="robodesk", task=task)
        assert verify(place.path(layout.EXPERT, env="robodesk", task=task))["results"] == {"episodes": 2}
    run("expert_table", smoke_config, place)
    frame = pd.read_csv(place.path(layout.EXPERTS))
    assert list(frame["task"]) == tasks
    assert set(frame["episodes"]) == set(frame["random_episodes"]) == {2}
    assert set(frame["decisions"]) == {10}
    assert len(verify(place.path(layout.EXPERTS))["inputs"]) == len(tasks)
    for task in tasks:
        assert f"| {task} |" in place.path(layout.EXPERTS_MARKDOWN).read_text()


def test_only_robodesk_has_experts(smoke_config):
    with pytest.raises(UserError, match="simple_shapes has no scripted experts"):
        stage_settings("measure_expert", smoke_config, env="simple_shapes", task="centre")


def test_an_unknown_task_in_the_configuration_is_refused_in_one_line(repository):
    files = [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"]
    with pytest.raises(UserError, match="no scripted expert for task 'stak'; did you mean 'stack'") as caught:
        load(files, ["environments.robodesk.experts.tasks=[stak]"])
    assert "\n" not in str(caught.value)
