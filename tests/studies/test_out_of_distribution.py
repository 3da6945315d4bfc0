"""Shapes are parted by their hole, and the study finds who knows what is in it."""

import numpy as np
import pytest
import torch

from gwpipe.data.holes import Hole, in_hole
from gwpipe.studies.fresh_shapes import Shapes
from gwpipe.studies.out_of_distribution import (
    ALL,
    COLUMNS,
    INSIDE,
    OUTSIDE,
    WITHOUT,
    hole_name,
    hole_rows,
    shapes_by_place,
)

HOLE = Hole({"shape": ((1, 1),), "size": ((7, 9),)})
ROWS = {ALL: 1000, WITHOUT: 900}


@pytest.fixture(scope="module")
def parted():
    return shapes_by_place(HOLE, 60, "test holes", 0)


def test_as_many_shapes_lie_in_the_hole_as_outside(parted):
    for place, shapes in parted.items():
        assert len(shapes.raw) == len(shapes.image) == len(shapes.attributes) == 60
        assert len(np.unique(shapes.raw, axis=0)) == 60
        assert (in_hole(shapes.attributes, HOLE) == (place == INSIDE)).all()
    again = shapes_by_place(HOLE, 60, "test holes", 0)
    np.testing.assert_array_equal(again[OUTSIDE].raw, parted[OUTSIDE].raw)


def test_a_hole_has_a_name():
    assert hole_name(HOLE) == "shape egg, size 7-9"
    assert hole_name(Hole({"rotation": ((350.4, 110),), "position": ((7, 9), (20, 24))})) == (
        "rotation 350-110, position 7-9 x 20-24"
    )
    assert hole_name(Hole({"shape": ((0, 1),), "colour": ((10, 20),)})) == "shape diamond/egg, colour 10-20"


class Shifted:
    """A workspace that moves shapes of the sizes in the hole to the right, or none."""

    def __init__(self, right):
        self.right = right

    def fuse(self, u, weights):
        (z,) = (u[name] for name in weights)
        moved = z.clone()
        moved[:, 3] += self.right / 9 * ((z[:, 5] <= -0.4) & (z[:, 1] == 1))
        return moved

    def decode(self, z):
        return {"v": z, "attr": z}


def test_who_never_saw_the_hole_errs_in_it(trained, parted):
    vectors = {place: Shapes(one.raw, one.attributes, one.attributes) for place, one in parted.items()}
    made = hole_rows(HOLE, 3, vectors, trained(0.25, **{ALL: Shifted(0.5), WITHOUT: Shifted(2.0)}), ROWS)
    assert {name for row in made for name in row} | {"env", "scale", "seed"} == set(COLUMNS)
    assert len(made) == 2 * 2 * 2 * 7
    found = {(r["place"], r["trained_on"], r["route"]): r for r in made if r["quantity"] == "position"}
    assert {r["statistic"] for r in found.values()} == {"median"}
    direct = {key[:2]: row for key, row in found.items() if key[2] == "v->attr"}
    assert direct[INSIDE, WITHOUT]["value"] == pytest.approx(2.0, abs=1e-5)
    assert direct[INSIDE, ALL]["value"] == pytest.approx(0.5, abs=1e-5)
    assert direct[INSIDE, WITHOUT]["ratio_to_all"] == pytest.approx(4, rel=1e-4)
    assert direct[OUTSIDE, WITHOUT]["value"] == pytest.approx(0, abs=1e-5)
    assert direct[INSIDE, WITHOUT]["bound_vae"] == pytest.approx(0.25, abs=1e-5)
    assert found[INSIDE, WITHOUT, "attr->v"]["value"] == pytest.approx(2.25, abs=1e-5)
    assert {r["rows"] for r in made if r["trained_on"] == WITHOUT} == {900}
    assert {(r["hole_seed"], r["hole"], r["shapes"]) for r in made} == {(3, "shape egg, size 7-9", 60)}


class Confused(Shifted):
    """A workspace that takes the shapes in the hole for another class."""

    def fuse(self, u, weights):
        (z,) = (u[name] for name in weights)
        inside = (z[:, 5] <= -0.4) & (z[:, 1] == 1)
        return torch.cat([torch.where(inside[:, None], z[:, :3].roll(1, 1), z[:, :3]), z[:, 3:]], 1)


def test_a_ratio_over_no_error_is_left_empty(trained, parted):
    vectors = {place: Shapes(one.raw, one.attributes, one.attributes) for place, one in parted.items()}
    made = hole_rows(HOLE, 0, vectors, trained(0.0, **{ALL: Shifted(0.0), WITHOUT: Confused(0.0)}), ROWS)
    classes = [row for row in made if row["quantity"] == "class"]
    accuracy = {(row["place"], row["trained_on"], row["route"]): row["value"] for row in classes}
    ratios = {(row["place"], row["trained_on"], row["route"]): row["ratio_to_all"] for row in classes}
    empty = {(INSIDE, WITHOUT, route) for route in ("v->attr", "attr->v")}
    assert accuracy == {key: 0 if key in empty else 100 for key in accuracy}
    assert ratios == {key: None if key in empty else 1 for key in accuracy}
    assert len(accuracy) == 8
