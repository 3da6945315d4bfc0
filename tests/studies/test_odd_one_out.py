"""The odd-one-out task: stimuli as said, solvable by who sees everything and by nobody who sees nothing."""

import numpy as np
import pytest
import torch

from gwpipe.envs.simple_shapes import normalise
from gwpipe.settings.representation import OptimisationSettings
from gwpipe.settings.workspace_studies import ProbeSettings
from gwpipe.studies.attribute_errors import row_errors
from gwpipe.studies.incongruent import LEAST_APART
from gwpipe.studies.odd_one_out import PARTS, accuracies, draw_triplets, train_chooser

SETTINGS = ProbeSettings(
    hidden=32,
    optimisation=OptimisationSettings(
        steps=200, batch_size=128, max_lr=1e-2, start_lr=1e-3, end_lr=1e-4, weight_decay=0
    ),
)


@pytest.fixture(scope="module")
def triplets():
    return draw_triplets(1500, "test", 0)


def test_two_share_one_attribute_and_nothing_else_is_alike(triplets):
    assert set(triplets.shared) == set(PARTS)
    assert set(np.bincount(triplets.odd) > 400) == {True}
    rows = np.arange(len(triplets.odd))
    odd = triplets.raw[rows, triplets.odd]
    first, second = triplets.raw[rows, (triplets.odd + 1) % 3], triplets.raw[rows, (triplets.odd + 2) % 3]
    between, away, also_away = row_errors(first, second), row_errors(odd, first), row_errors(odd, second)
    for name, least in LEAST_APART.items():
        shared = triplets.shared == name
        assert (between[name][shared] == 0).all()
        assert (between[name][~shared] >= least).all()
        assert (away[name] >= least).all()
        assert (also_away[name] >= least).all()


def test_the_same_stream_gives_the_same_tasks(triplets):
    again = draw_triplets(1500, "test", 0)
    np.testing.assert_array_equal(again.raw, triplets.raw)
    assert not np.array_equal(draw_triplets(1500, "test", 1).raw, triplets.raw)


def test_who_sees_the_attributes_finds_the_odd_one_and_who_sees_noise_does_not(triplets):
    test = draw_triplets(600, "test", 1)
    seen, shown = (torch.from_numpy(normalise(part.raw)) for part in (triplets, test))
    chooser = train_chooser(seen, triplets.odd, SETTINGS, 0, "test")
    found = accuracies(chooser, shown, test)
    assert found["all"] > 70
    assert set(found) == {"all", *PARTS}
    noise = torch.randn(2100, 3, 11, generator=torch.Generator().manual_seed(0))
    blind = train_chooser(noise[:1500], triplets.odd, SETTINGS, 0, "test")
    assert accuracies(blind, noise[1500:], test)["all"] == pytest.approx(33.3, abs=8)


def test_no_place_is_favoured(triplets):
    seen = torch.from_numpy(normalise(triplets.raw[:50]))
    short = SETTINGS.model_copy(update={"optimisation": SETTINGS.optimisation.model_copy(update={"steps": 3})})
    chooser = train_chooser(seen, triplets.odd[:50], short, 0, "test")
    order = [2, 0, 1]
    with torch.no_grad():
        torch.testing.assert_close(chooser(seen[:, order]), chooser(seen)[:, order])
