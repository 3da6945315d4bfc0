"""Figure 2 in numbers, on a workspace that mixes exactly half and half."""

import numpy as np
import pytest

from gwpipe.studies.attribute_errors import row_errors
from gwpipe.studies.incongruent import (
    COLUMNS,
    LEAST_APART,
    Pairs,
    decode_pairs,
    incongruent_pairs,
    number_rows,
    place_between,
    shown_pairs,
    shown_rows,
)
from gwpipe.studies.tidy import tidy_frame


@pytest.fixture
def measured(trained, as_vectors):
    """The table of 100 pairs on one workspace."""

    def make(workspace):
        representation = trained(gw=workspace)
        drawn = incongruent_pairs(100, 0)
        pairs = Pairs(as_vectors(drawn.image), as_vectors(drawn.attributes))
        decoded = decode_pairs(pairs, representation, "gw")
        rows = number_rows(pairs, decoded, representation) + shown_rows(pairs, decoded)
        frame = tidy_frame([{**row, "kind": "gw"} for row in rows], COLUMNS, env="simple_shapes", scale="smoke", seed=0)
        return frame.set_index(["pair", "weights", "beside", "quantity", "statistic"]).sort_index()

    return make


def test_pairs_contradict_each_other_in_everything():
    pairs = incongruent_pairs(300, 0)
    assert len(pairs.image.raw) == 300
    apart = row_errors(pairs.image.raw, pairs.attributes.raw)
    for name, least in LEAST_APART.items():
        assert apart[name].min() >= least


def test_the_figure_has_one_vivid_attribute_vector_beside_several_images():
    pairs = shown_pairs(6, 0)
    assert len(pairs.image.raw) == 6
    assert (pairs.attributes.raw == pairs.attributes.raw[0]).all()
    assert len(np.unique(pairs.image.raw, axis=0)) == 6
    assert np.ptp(pairs.attributes.raw[0, 5:]) >= 150
    assert (pairs.image.raw[:, 0] != pairs.attributes.raw[:, 0]).all()


def test_place_between_on_known_numbers():
    start, end = np.array([0.0, 0, 10]), np.array([10.0, 10, 0])
    assert place_between(np.array([5.0, 12, 9]), start, end) == pytest.approx([0.5, 1.2, 0.1])


def test_place_between_angles_takes_the_short_way_round():
    found, start, end = np.radians([[0, 180], [350, 350], [10, 10]])
    assert place_between(found, start, end, angle=True) == pytest.approx([0.5, -8.5])


def test_a_workspace_that_mixes_lies_exactly_half_way(measured, shared):
    value = measured(shared)["value"]
    assert value["all", "fusion", "tr and dcy", "all", "share_between"] == 100
    for quantity in ("x", "y", "size", "rotation", "red", "green", "blue"):
        assert value["all", "fusion", "tr and dcy", quantity, "median_place"] == pytest.approx(0.5, abs=1e-3)
    for weights, beside in (("tr", "attributes"), ("dcy", "image")):
        assert value["all", weights, beside, "class", "accuracy"] == 100
        assert value["all", weights, beside, "colour", "mean"] == pytest.approx(0, abs=1e-3)
        assert value["all", weights, beside, "size", "mean"] == pytest.approx(0, abs=1e-3)
    assert value["all", "tr", "image", "class", "accuracy"] == 0
    assert value["all", "tr", "image", "size", "mean"] >= LEAST_APART["size"]


def test_a_workspace_that_forgets_has_nothing_in_between(measured, collapsed):
    frame = measured(collapsed)
    assert "share_between" not in frame.index.get_level_values("statistic")
    assert frame["value"]["all", "tr", "attributes", "colour", "mean"] > 30


def test_what_is_shown_is_what_was_drawn_and_read(measured, shared):
    frame = measured(shared)
    size = frame["value"].xs(("3", "size"), level=("pair", "quantity"))
    drawn = incongruent_pairs(100, 0)
    assert size["attributes"].item() == drawn.attributes.raw[2, 3]
    assert size["image"].item() == drawn.image.raw[2, 3]
    assert size["tr"].item() == pytest.approx(drawn.attributes.raw[2, 3], abs=1e-4)
