"""Whole arrays of shapes follow the published generator, which draws them one by one."""

import colorsys

import numpy as np
import pytest

from gwpipe.envs.simple_shapes import sample_attributes
from gwpipe.studies.fresh_shapes import fresh_shapes, hls_to_rgb, sample_raw


def test_colours_are_those_of_colorsys():
    rng = np.random.default_rng(0)
    hls = np.concatenate([rng.uniform(size=(200, 3)), [[0, 0.5, 1], [1, 0.2, 0.3], [0.5, 1, 1], [1 / 3, 0, 0]]])
    expected = np.array([colorsys.hls_to_rgb(*row) for row in hls])
    assert hls_to_rgb(*hls.T) == pytest.approx(expected, abs=1e-12)


def test_the_distribution_is_the_published_one():
    rng = np.random.default_rng(1)
    single = np.stack([sample_attributes(rng) for _ in range(6000)])
    many = sample_raw(rng, 6000)
    assert (many.min(0)[:4] == single.min(0)[:4]).all()
    assert (many.max(0)[:4] == single.max(0)[:4]).all()
    error = many.std(0) / np.sqrt(3000)
    assert (np.abs(many.mean(0) - single.mean(0)) < 4 * error).all()
    assert many.std(0) == pytest.approx(single.std(0), rel=0.05)
    assert (many[:, [0, 1, 2, 3, 5, 6, 7]] % 1 == 0).all()


def test_a_stream_gives_the_same_shapes_and_another_gives_others():
    first, again, other = (fresh_shapes(20, name, 0) for name in ("a", "a", "b"))
    assert (first.raw == again.raw).all()
    assert (first.image == again.image).all()
    assert not (first.raw == other.raw).all(1).any()


def test_taken_rows_belong_together():
    shapes = fresh_shapes(10, "a", 0)
    taken = shapes.take(np.array([7, 7, 2]))
    assert (taken.raw[1] == shapes.raw[7]).all()
    assert (taken.image[2] == shapes.image[2]).all()
    assert (taken.attributes[0] == shapes.attributes[7]).all()
