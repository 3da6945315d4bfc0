"""Paths say which command makes what lies there."""

from pathlib import Path

import pytest

from gwpipe import layout
from gwpipe.settings.stages import STAGES

CHOSEN = {"env": "robodesk", "task": "push_green", "policy": "expert", "domain": "attr", "kind": "gw"}
CHOSEN |= {"method": "gw_dreamer", "seed": "3", "rule": "precision"}


@pytest.mark.parametrize("stage", layout._MADE_BY)
def test_a_path_of_the_pipeline_gives_the_words_that_choose_its_run(stage):
    pattern = layout._MADE_BY[stage]
    path = layout.Place(Path("/somewhere/v/data"), "smoke").path(pattern, **CHOSEN)
    words = [word for name in STAGES[stage][2] for word in (f"--{name}", CHOSEN[name])]
    assert layout.command(stage, path).split() == ["gwpipe", stage, *words]
    assert layout.command(stage, Path("elsewhere/file.safetensors")) == f"gwpipe {stage}"
