"""Paths say which command makes what lies there."""

from pathlib import Path

import pytest

from gwpipe import layout
from gwpipe.settings.stages import STAGES

CHOSEN = {"env": "robodesk", "task": "push_green", "policy": "expert", "domain": "attr", "kind": "gw"}
CHOSEN |= {"method": "gw_dreamer", "seed": "3", "rule": "precision"}


PATTERNS = [(stage, pattern) for stage, patterns in layout.MADE_BY.items() for pattern in patterns]


@pytest.mark.parametrize(("stage", "pattern"), PATTERNS)
def test_a_path_of_the_pipeline_gives_the_words_that_choose_its_run(stage, pattern):
    path = layout.Place(Path("/somewhere/v/data"), "smoke").path(pattern, **CHOSEN)
    words = [word for name in STAGES[stage][2] for word in (f"--{name}", CHOSEN[name])]
    where = ["--configfile", "workflow/scales/smoke.yaml", "--root", "/somewhere/v/data"]
    assert layout.command(stage, path).split() == ["gwpipe", stage, *words, *where]
    here = layout.Place(Path(), "default").path(pattern, **CHOSEN)
    assert layout.command(stage, here).split() == ["gwpipe", stage, *words]
    assert layout.command(stage, Path("elsewhere/file.safetensors")) == f"gwpipe {stage}"
    chosen = {name: CHOSEN[name] for name in STAGES[stage][2]}
    assert layout.run_of(path) == layout.run_of(path.with_name(path.name + layout.MANIFEST)) == (stage, chosen)


def test_another_path_is_no_run_s():
    assert layout.run_of(Path("results/table1.csv")) is None
    assert layout.run_of(Path("train_vae")) is None
