"""The table of translation errors, on workspaces whose quality is known."""

import numpy as np
import pandas as pd
import pytest

from gwpipe.studies.attribute_errors import Measure
from gwpipe.studies.quality_report import COLUMNS, quality_markdown
from gwpipe.studies.retrieval import retrieval_rows
from gwpipe.studies.tidy import tidy_frame, write_table
from gwpipe.studies.translation_quality import ratio, translation_rows


@pytest.fixture
def table(shapes):
    def make(trained):
        rows = translation_rows(shapes, trained)
        rows += retrieval_rows(trained.encode(shapes.observations), trained.workspaces, 100, 5)
        return tidy_frame(rows, COLUMNS, env="simple_shapes", scale="smoke", seed=3)

    return make


def test_a_perfect_workspace_is_as_good_as_its_vaes(table, trained, shared):
    frame = table(trained(right=0.5, gw=shared))
    goals = frame[frame["goal"].notna()]
    assert set(goals["route"]) == {"attr->v", "v->attr"}
    assert goals["goal_met"].all()
    assert goals["ratio_met"].all()
    translated = frame.query("route == 'attr->v' and kind == 'gw' and quantity != 'retrieval'")
    assert translated["value"].to_numpy() == pytest.approx(translated["bound_vae"].to_numpy())
    position = translated.query("quantity == 'position' and statistic == 'mean'").iloc[0]
    assert position["value"] == pytest.approx(0.5, abs=1e-4)
    assert position["reader_error"] == pytest.approx(0, abs=1e-4)
    assert position["ratio"] == pytest.approx(1)


def test_a_workspace_that_forgets_misses_every_goal(table, trained, collapsed):
    frame = table(trained(right=0.5, gw=collapsed))
    goals = frame[frame["goal"].notna()]
    assert len(goals) == 6
    assert not goals["goal_met"].any()
    # The visual VAE itself turns and classifies without error here, so any error is infinitely many times its own.
    assert not goals["ratio_met"].any()
    lost = frame.query("route == 'v->attr' and quantity == 'rotation' and statistic == 'median'").iloc[0]
    assert lost["value"] == pytest.approx(90, abs=10)
    assert lost["bound_constant"] == 90


def test_goals_are_for_the_workspace_alone(table, trained, shared):
    frame = table(trained(clip=shared))
    assert frame["goal"].isna().all()
    assert frame["goal_met"].isna().all()


def test_references_stand_in_the_table(table, trained, shared):
    frame = table(trained(right=2.0, gw=shared))
    position = frame.query("quantity == 'position' and statistic == 'mean'").set_index(["kind", "route"])["value"]
    assert position["vae", "v->v"] == pytest.approx(2, abs=1e-4)
    assert position["vae", "attr->attr"] == pytest.approx(0, abs=1e-4)
    constant = frame.query("kind == 'constant' and quantity == 'position' and statistic == 'mean'")["value"].item()
    assert 6 < constant < 8
    assert (frame.query("kind == 'reader'")["read_by"] == "reader").all()


def test_the_bound_of_a_route_is_the_pictures_wherever_it_goes_through_one(table, trained, shared):
    frame = table(trained(right=2.0, gw=shared)).query(
        "kind == 'gw' and quantity == 'position' and statistic == 'mean'"
    )
    bounds = frame.set_index("route")["bound_vae"]
    assert bounds["v->attr"] == bounds["attr->v"] == bounds["v->v"] == pytest.approx(2, abs=1e-4)
    assert bounds["attr->attr"] == pytest.approx(0, abs=1e-4)


def test_the_schema_survives_the_file(table, trained, shared, tmp_path):
    frame = table(trained(gw=shared, clip=shared))
    write_table(frame, tmp_path / "table.csv")
    read = pd.read_csv(tmp_path / "table.csv")
    assert list(read.columns) == list(COLUMNS)
    assert set(read["route"].dropna()) == {
        "attr->v", "v->attr", "v->v", "attr->attr", "attr+v->v", "attr+v->attr"
    }  # fmt: skip
    assert set(read["kind"]) == {"gw", "clip", "vae", "constant", "reader"}
    assert (read[["env", "scale", "seed"]] == ["simple_shapes", "smoke", 3]).all().all()
    assert read["value"].notna().all()
    assert not read.duplicated(["kind", "route", "quantity", "statistic"]).any()
    directly = read.query("read_by == 'direct' and quantity != 'retrieval'")
    assert set(directly["route"].str.split("->").str[1]) == {"attr"}
    assert directly["reader_error"].isna().all()


def test_a_cell_without_a_column_is_a_fault():
    with pytest.raises(ValueError, match="no column for"):
        tidy_frame([{"valeu": 1}], COLUMNS, env="simple_shapes", scale="smoke", seed=0)


@pytest.mark.parametrize(
    ("statistic", "value", "bound", "expected"),
    [
        ("mean", 0.6, 0.4, 1.5),
        ("accuracy", 99.0, 99.5, 2.0),
        ("accuracy", 100.0, 100.0, 1.0),
        ("accuracy", 99.0, 100.0, np.inf),
    ],
)
def test_ratio(statistic, value, bound, expected):
    assert ratio(Measure("class", statistic), value, bound) == pytest.approx(expected)


def test_the_document_says_what_was_met_and_what_was_missed(table, trained, shared, collapsed):
    good, bad = (quality_markdown(table(trained(right=0.5, gw=workspace))) for workspace in (shared, collapsed))
    assert "✗" not in good.split("*goal*")[0]
    assert "✓" not in bad.split("*goal*")[0]
    assert "scale **smoke**, seed 3" in good
    assert "| position, mean (px) | 0.5 |" in good
