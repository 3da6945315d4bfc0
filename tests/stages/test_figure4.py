"""figure4: two pictures of environments alone, the same bytes each time."""

from pathlib import Path

import numpy as np
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.figures.examples import desk_examples, shape_examples
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.environments import RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.stages import stage_settings
from gwpipe.stages.figure4 import run


def test_shapes_of_each_class_and_the_goal_reached() -> None:
    found = shape_examples(SimpleShapesSettings(), "centre", 0)
    starts, goal = found.shown[:3], found.shown[3]
    assert {int(start.attributes[:3].argmax()) for start in starts} == {0, 1, 2}
    assert goal.attributes[3:5] == pytest.approx([0, 0])
    assert goal.attributes[6] == 1  # cos: upright
    np.testing.assert_array_equal(goal.attributes[[0, 1, 2, 5, 8, 9, 10]], starts[0].attributes[[0, 1, 2, 5, 8, 9, 10]])
    # The dashed outline lies around what is drawn: all light but an anti-aliased rim is inside it.
    rows, columns = np.nonzero(goal.image.max(-1) > goal.image.max() / 2)
    for places, entry in ((columns, 0), (rows, 1)):
        assert goal.goal[:, entry].min() - 0.6 <= places.min() <= places.max() <= goal.goal[:, entry].max() + 0.6
    assert [arrow.label for arrow in found.arrows] == ["1", "2", "3", "4", "5", "6"]
    up = found.arrows[1]
    assert up.end[1] < up.start[1]


def test_the_goal_of_the_desk_is_the_expert_s_first_success() -> None:
    found = desk_examples(RoboDeskSettings(episode_decisions=125), "push_green", 0)
    assert found.shown[-1].title.startswith("the goal, after")
    column, row = found.shown[0].goal[0].round().astype(int)
    red, green, blue = found.shown[0].image[row, column].astype(int)
    assert green > red + 30
    assert green > blue + 30


def test_a_task_without_an_expert_is_shown_as_the_random_policy_leaves_it() -> None:
    found = desk_examples(RoboDeskSettings(episode_decisions=3), "open_drawer", 0)
    assert [example.title for example in found.shown][-1] == "no success after 3 decisions"


def test_files_with_manifests_and_the_same_bytes_again(repository: Path, tmp_path: Path) -> None:
    files = [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"]
    config = load(files, ["figures.panels=[simple_shapes]"])
    made = []
    for name in ("once", "again"):
        place = Place(tmp_path / name, "smoke")
        run(stage_settings("figure4", config), place, Machine())
        for pattern in (layout.FIGURE4, layout.FIGURE4_PDF):
            assert verify(place.path(pattern))["inputs"] == {}
        made.append(place.path(layout.FIGURE4).read_bytes())
    assert made[0] == made[1]
