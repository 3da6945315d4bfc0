"""collect: the code that acted is part of the data set's identity."""

import pytest

from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import collect


class Recorded(Exception):
    """Ends the stage where its record begins."""


@pytest.mark.parametrize(("policy", "extra"), [("expert", ["gwpipe.experts.push_button"]), ("random", [])])
def test_the_record_names_the_expert_s_module(smoke_config, tmp_path, monkeypatch, policy, extra):
    def record(stage, scale, settings, inputs, modules):
        raise Recorded(modules)

    monkeypatch.setattr(collect, "Record", record)
    settings = stage_settings("collect", smoke_config, env="robodesk", task="push_green", policy=policy)
    with pytest.raises(Recorded) as stopped:
        collect.run(settings, Place(tmp_path, "smoke"), Machine())
    assert stopped.value.args[0] == ["gwpipe.envs.robodesk", *extra]
