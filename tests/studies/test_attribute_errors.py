"""Errors in human units, on numbers worked out by hand."""

import numpy as np
import pytest

from gwpipe.studies.attribute_errors import (
    MEASURES,
    UNITS,
    Measure,
    angle_between,
    constant_predictor,
    row_errors,
    shortfall,
    summary,
)
from gwpipe.studies.fresh_shapes import sample_raw


def raw(*rows):
    return np.array(rows, dtype=float)


def test_errors_of_a_row():
    true = raw([0, 10, 12, 9, 0.1, 200, 100, 0])
    found = raw([1, 13, 16, 8, 2 * np.pi - 0.1, 190, 120, 0])
    errors = {name: value[0] for name, value in row_errors(found, true).items()}
    expected = {"class": 1.0, "position": 5.0, "rotation": np.degrees(0.2), "size": 1.0, "colour": 10.0}
    assert errors == pytest.approx(expected)


def test_angles_go_the_short_way_round():
    degrees = np.degrees(angle_between(np.radians([10, 350, 180, 90]), np.radians([350, 10, 0, 100])))
    assert degrees == pytest.approx([20, -20, -180, -10])


def test_the_summary_takes_shares_means_medians_and_quantiles():
    errors = {
        "class": np.array([0, 0, 1, 0]),
        "position": np.array([0.0, 1, 2, 9]),
        "rotation": np.arange(11.0),
        "size": np.array([1.0, 3]),
        "colour": np.array([5.0, 7]),
    }
    found = {f"{m.quantity}_{m.statistic}": value for m, value in summary(errors).items()}
    assert found == pytest.approx(
        {
            "class_accuracy": 75.0,
            "position_mean": 3.0,
            "position_median": 1.5,
            "rotation_median": 5.0,
            "rotation_p90": 9.0,
            "size_mean": 2.0,
            "colour_mean": 6.0,
        }
    )
    assert set(UNITS) == {measure.quantity for measure in MEASURES}


def test_the_constant_predictor_is_about_what_chance_gives():
    rows = sample_raw(np.random.default_rng(0), 20_000)
    found = constant_predictor(rows)
    assert found[Measure("class", "accuracy")] == pytest.approx(100 / 3, abs=1)
    # Mean absolute deviation of 8 equally likely sizes; mean distance of an 18 px square's points to its middle.
    assert found[Measure("size", "mean")] == pytest.approx(2.0, abs=0.05)
    assert found[Measure("position", "mean")] == pytest.approx(18 * 0.3826, abs=0.1)
    uniform = row_errors(np.zeros_like(rows), rows)["rotation"]
    assert found[Measure("rotation", "median")] == pytest.approx(np.median(uniform), abs=2)
    assert found[Measure("rotation", "p90")] == pytest.approx(np.quantile(uniform, 0.9), abs=2)


def test_shortfall_of_an_accuracy_is_what_is_missing():
    assert shortfall(Measure("class", "accuracy"), 97.0) == 3.0
    assert shortfall(Measure("position", "mean"), 0.4) == 0.4
