"""The reader learns from true renderings, and only its pixels matter."""

import numpy as np
import pytest
import torch

from gwpipe.domains import weights
from gwpipe.domains.fit import Run
from gwpipe.envs.shape_drawing import coverage, draw
from gwpipe.errors import UserError
from gwpipe.settings.quality import ReaderSettings
from gwpipe.settings.representation import OptimisationSettings
from gwpipe.studies.attribute_errors import Measure, constant_predictor
from gwpipe.studies.fresh_shapes import fresh_shapes
from gwpipe.studies.reader import (
    Reader,
    load_reader,
    make_reader,
    reader_loss,
    save_reader,
    soften,
    train_reader,
    training_shapes,
)


def settings(steps, width=0.5, batch_size=64):
    optimisation = OptimisationSettings(
        steps=steps, batch_size=batch_size, start_lr=1e-3, max_lr=5e-3, end_lr=1e-4, weight_decay=0
    )
    return ReaderSettings(width=width, blur=0.5, noise=4, optimisation=optimisation)


@pytest.fixture(scope="module")
def trained():
    chosen = settings(120)
    reader = make_reader(chosen, 0)
    return reader, train_reader(reader, chosen, Run(0, "test"))


def test_a_short_training_beats_the_constant_by_far(trained):
    _, errors = trained
    constant = constant_predictor(fresh_shapes(2000, "test", 0).raw)
    assert errors["class_accuracy"] > constant[Measure("class", "accuracy")] + 5
    for quantity, statistic in (("position", "mean"), ("size", "mean"), ("colour", "mean"), ("rotation", "median")):
        assert errors[f"{quantity}_{statistic}"] < 0.5 * constant[Measure(quantity, statistic)]


def test_what_is_read_does_not_depend_on_the_batch(trained):
    reader, _ = trained
    image = fresh_shapes(600, "test", 1).image
    assert reader.read(image)[:3] == pytest.approx(reader.read(image[:3]), abs=1e-3)


def test_weights_come_back(trained, tmp_path):
    reader, _ = trained
    save_reader(tmp_path / "reader.safetensors", reader)
    again = load_reader(tmp_path / "reader.safetensors")
    image = fresh_shapes(5, "test", 2).image
    assert (again.read(image) == reader.read(image)).all()
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    weights.save(path, {"kind": "visual"}, {"a": torch.zeros(1)})
    with pytest.raises(UserError, match="no reader's; make them with gwpipe train_reader"):
        load_reader(path)


def test_it_does_not_read_while_it_trains():
    with pytest.raises(RuntimeError, match="evaluation mode"):
        Reader(0.25).read(fresh_shapes(1, "test", 0).image)


def test_a_training_that_was_stopped_ends_with_the_same_weights(tmp_path):
    chosen = settings(6, width=0.25, batch_size=8)
    whole = make_reader(chosen, 3)
    train_reader(whole, chosen, Run(3, "test"))
    stopped = make_reader(chosen, 3)
    run = Run(3, "test", tmp_path / "checkpoint.safetensors", "same", 0.0)
    train_reader(stopped, chosen, run)
    # The last checkpoint is of the last step: what goes on from it has nothing left to do.
    resumed = make_reader(chosen, 4)
    train_reader(resumed, chosen, run)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


@pytest.mark.parametrize("shape", range(3))
def test_a_rotation_is_unambiguous_on_the_whole_circle(shape):
    """No shape looks like itself turned by another angle, so the reader's rotation is defined modulo 2π."""
    turns = np.radians(np.arange(0, 360, 10))
    pictures = coverage([[shape, 16, 16, 11, turn, 255, 255, 255] for turn in turns])
    apart = np.abs(pictures[:, None] - pictures[None]).mean((2, 3))
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 0.002
    opposite = np.abs(pictures[:18] - pictures[18:]).mean((1, 2))
    assert opposite.min() > 0.01


def test_training_shapes_reach_a_little_beyond_the_data():
    raw = training_shapes(np.random.default_rng(0), 4000)
    assert raw[:, 1:3].min() == pytest.approx(6, abs=0.1)
    assert raw[:, 1:3].max() == pytest.approx(25, abs=0.1)
    assert (raw[:, 3].min(), raw[:, 3].max()) == (6.5, 14.5)
    assert (raw[:, 1] % 1 != 0).any()


def test_blur_spreads_a_point_and_keeps_its_light():
    point = torch.zeros(1, 3, 9, 9)
    point[:, :, 4, 4] = 1
    soft = soften(point, 1.0)
    assert soft.sum().item() == pytest.approx(3, rel=1e-5)
    assert (soft[0, 0, 4, 4] / soft[0, 0, 4, 5]).item() == pytest.approx(np.exp(0.5), rel=1e-5)
    assert soften(point, 0.0) is point


def test_loss_on_known_numbers():
    found = torch.zeros(2, 11)
    true = torch.zeros(2, 11)
    true[:, 0] = 1
    true[0, 3] = 1.0
    loss, parts = reader_loss(found, true)
    assert parts["class"].item() == pytest.approx(np.log(3))
    # Huber with a bend at 0.03: |1| − 0.03 / 2, in one of two rows.
    assert parts["pose"].item() == pytest.approx((1 - 0.015) / 2)
    assert loss.item() == pytest.approx(np.log(3) + 10 * (1 - 0.015) / 2)


def test_pixels_alone_decide(trained):
    reader, _ = trained
    shapes = fresh_shapes(4, "test", 3)
    assert (reader.read(draw(shapes.raw)) == reader.read(shapes.image)).all()
