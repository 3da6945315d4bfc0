"""Noise is of the strength that is named, comes from a stream of its own, and without strength changes nothing."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gwpipe.evaluation.noise import DISTURB, GREY, Disturbed, Noise, disturbed, latent_spread, usual
from gwpipe.representations import ConcatenatedVAEs
from gwpipe.seeding import numpy_generator
from gwpipe.settings.noise import KINDS

EVERY = [(modality, kind) for modality, kinds in DISTURB.items() for kind in kinds]


@pytest.fixture(scope="module")
def views():
    """What a random policy might have seen."""
    rng = np.random.default_rng(0)
    attributes = rng.normal(2.0, [0.5, 1.0, 0.0], (4000, 3)).astype(np.float32)
    return {"image": rng.integers(60, 200, (4000, 2, 2, 3), dtype=np.uint8), "attributes": attributes}


@pytest.fixture(scope="module")
def known(views):
    return usual(views)


@pytest.fixture
def shown():
    rng = np.random.default_rng(1)
    picture = rng.integers(60, 200, (32, 32, 3), dtype=np.uint8)
    return {"image": picture, "attributes": rng.normal(size=3).astype(np.float32)}


def _apply(modality, kind, value, strength, known, stream=0):
    before = value.copy()
    made = DISTURB[modality][kind](value, strength, numpy_generator("test", stream), known[modality])
    assert np.array_equal(value, before), "the observation itself is left alone"
    return made


def test_the_settings_know_the_same_kinds():
    assert {modality: [*kinds, "latent"] for modality, kinds in DISTURB.items()} == {
        modality: sorted(kinds, key=lambda kind: ([*DISTURB[modality], "latent"]).index(kind))
        for modality, kinds in KINDS.items()
    }


@pytest.mark.parametrize(("modality", "kind"), EVERY)
def test_no_strength_changes_nothing_and_some_changes_something(modality, kind, known, shown):
    value = shown[modality]
    still = _apply(modality, kind, value, 0.0, known)
    assert np.array_equal(still, value)
    assert still.dtype == value.dtype
    changed = _apply(modality, kind, value, 1.0, known)
    assert changed.shape[-1] == value.shape[-1]
    assert changed.dtype == value.dtype
    assert not np.array_equal(changed, value)


def test_gaussian_noise_has_the_named_deviation(known):
    grey = np.full((64, 64, 3), 128, np.uint8)
    noisy = _apply("image", "gaussian", grey, 20.0, known).astype(float)
    assert noisy.std() == pytest.approx(20, rel=0.03)
    assert noisy.mean() == pytest.approx(128, abs=1)
    bright = _apply("image", "gaussian", np.full((64, 64, 3), 250, np.uint8), 20.0, known)
    assert bright.max() == 255, "cut, not wrapped around"
    assert bright.min() > 100


def test_noise_on_attributes_is_measured_by_what_the_random_policy_sees(known, shown):
    value = shown["attributes"]
    off = np.stack([_apply("attributes", "gaussian", value, 2.0, known, stream) - value for stream in range(3000)])
    assert off.std(0) == pytest.approx([1.0, 2.0, 0.0], rel=0.06)


def test_salt_and_pepper_hits_the_named_share_of_pixels(known):
    grey = np.full((100, 100, 3), 128, np.uint8)
    made = _apply("image", "salt_pepper", grey, 0.3, known)
    assert (made == made[..., :1]).all(), "whole pixels"
    assert (made != 128).all(-1).mean() == pytest.approx(0.3, abs=0.02)
    assert (made == 255).mean() == pytest.approx(0.15, abs=0.02)


def test_blur_spreads_a_point_by_the_named_deviation_and_keeps_channels_apart(known):
    picture = np.zeros((33, 33, 3), np.uint8)
    picture[14:19, 14:19, 0] = 255
    made = _apply("image", "blur", picture, 2.0, known).astype(float)
    assert not made[..., 1:].any()
    rows = np.arange(33) - 16
    variance = (made[..., 0].sum(1) * rows**2).sum() / made[..., 0].sum()
    assert np.sqrt(variance - 2.0) == pytest.approx(2.0, rel=0.1), "the square's own variance is 2"


@pytest.mark.parametrize("strength", [0.25, 1.0])
def test_a_patch_covers_a_square_of_the_named_side(strength, known, shown):
    places = set()
    for stream in range(8):
        made = _apply("image", "patch", shown["image"], strength, known, stream)
        rows, columns = np.nonzero((made == GREY).all(-1))
        side = round(32 * strength)
        assert len(rows) >= side * side
        inside = made[rows.min() : rows.min() + side, columns.min() : columns.min() + side]
        assert (inside == GREY).all()
        places.add((rows.min(), columns.min()))
    assert len(places) > 1 or strength == 1.0


def test_what_is_missing_is_black_or_the_mean(known, shown):
    assert not _apply("image", "missing", shown["image"], 1.0, known).any()
    np.testing.assert_allclose(_apply("attributes", "missing", shown["attributes"], 1.0, known), [2, 2, 2], atol=0.1)
    gone = [
        not np.array_equal(_apply("attributes", "missing", shown["attributes"], 0.4, known, k), shown["attributes"])
        for k in range(1000)
    ]
    assert np.mean(gone) == pytest.approx(0.4, abs=0.05)


class Looking:
    """Keeps all that it is shown."""

    def __init__(self):
        self.seen = []

    def begin(self, n, seed=None):
        self.begun = (n, seed)

    def act(self, observations, is_first, mode="sample"):
        self.seen.append({name: value.copy() for name, value in observations.items()})
        return np.zeros(len(is_first), np.int64)


def _play(noise, known, shown, firsts, seed=3):
    looking = Looking()
    actor = Disturbed(looking, noise, known[noise.modality], seed)
    actor.begin(1, 7)
    for first in firsts:
        actor.act({name: value[None] for name, value in shown.items()}, np.array([first]), "greedy")
    assert looking.begun == (1, 7)
    return looking.seen


def test_noise_depends_on_the_episode_and_the_decision_alone(known, shown):
    noise = Noise("attributes", "gaussian", 1.0)
    long = _play(noise, known, shown, [True, False, False, True, False])
    short = _play(noise, known, shown, [True, True, False])
    noisy = [seen["attributes"][0] for seen in long]
    assert np.array_equal(short[0]["attributes"][0], noisy[0])
    assert np.array_equal(short[1]["attributes"][0], noisy[3]), "however long the first episode was"
    assert np.array_equal(short[2]["attributes"][0], noisy[4])
    assert len({row.tobytes() for row in noisy}) == 5
    other = _play(noise, known, shown, [True], seed=4)
    assert not np.array_equal(other[0]["attributes"][0], noisy[0])


def test_an_episode_has_its_noise_whatever_is_played_beside_it(known, shown):
    noise = Noise("attributes", "gaussian", 1.0)
    alone = [seen["attributes"][0] for seen in _play(noise, known, shown, [True, False, True, True])]
    looking = Looking()
    actor = Disturbed(looking, noise, known["attributes"], 3)
    actor.begin(2, 7)
    for firsts in ([True, True], [False, False], [True, True]):
        actor.act({name: np.stack([value] * 2) for name, value in shown.items()}, np.array(firsts), "greedy")
    beside = [seen["attributes"] for seen in looking.seen]
    assert np.array_equal(beside[0][0], alone[0])
    assert np.array_equal(beside[1][0], alone[1])
    assert np.array_equal(beside[0][1], alone[2]), "the second place begins with the second episode"
    assert np.array_equal(beside[2][0], alone[3]), "and the first goes on with the third"


def test_stronger_noise_of_a_kind_is_the_same_noise_stronger(known, shown):
    weak, strong = (
        _play(Noise("attributes", "gaussian", strength), known, shown, [True])[0]["attributes"][0] - shown["attributes"]
        for strength in (1.0, 3.0)
    )
    np.testing.assert_allclose(strong, 3 * weak, rtol=1e-4, atol=1e-6)


def test_other_modalities_stay_and_names_keep_their_order(known, shown):
    (seen,) = _play(Noise("image", "gaussian", 30.0), known, shown, [True])
    assert list(seen) == list(shown)
    assert np.array_equal(seen["attributes"][0], shown["attributes"])
    assert not np.array_equal(seen["image"][0], shown["image"])


def test_a_patch_stays_for_an_episode(known, shown):
    seen = _play(Noise("image", "patch", 0.25), known, shown, [True, False, False, *[True] * 6])
    pictures = [one["image"][0].tobytes() for one in seen]
    assert len(set(pictures[:3])) == 1
    assert len(set(pictures)) > 2


class Doubling(torch.nn.Module):
    """u is the observation's mean in two entries, the second ten times the first."""

    latent = 2

    def __init__(self, observation):
        super().__init__()
        self.observation = observation

    def encode(self, observations):
        mean = torch.from_numpy(observations.reshape(len(observations), -1).mean(1, dtype=np.float64)).float()
        return torch.stack([mean, 10 * mean], 1)


class Encoding(Looking):
    def __init__(self, representation):
        super().__init__()
        self.representation, self.z = representation, []

    def act(self, observations, is_first, mode="sample"):
        self.z.append(self.representation.fuse(self.representation.encode(observations))[0])
        return super().act(observations, is_first, mode)


def test_noise_on_latents_has_the_named_strength_and_leaves_the_agent_as_it_was(views, known, shown):
    vaes = {"attr": Doubling("attributes"), "v": Doubling("image")}
    representation = ConcatenatedVAEs(vaes)
    spread = latent_spread(representation, views)
    assert spread["attr"][1] == pytest.approx(10 * spread["attr"][0], rel=1e-4)
    agent = Encoding(representation)
    trained = SimpleNamespace(agent=agent, representation=representation)
    actor = disturbed(trained, Noise("attributes", "latent", 2.0), known, spread, 0)
    actor.begin(1)
    for step in range(2000):
        actor.act({name: value[None] for name, value in shown.items()}, np.array([step == 0]))
    z = torch.stack(agent.z)
    assert np.asarray(z[:, :2].double().std(0)) == pytest.approx(2 * spread["attr"], rel=0.06)
    assert not z[:, 2:].std(0).any(), "vision is not disturbed"
    assert np.array_equal(agent.seen[5]["attributes"][0], shown["attributes"]), "observations stay as they are"
    assert representation.vaes == vaes


def test_who_has_no_latents_of_the_modality_cannot_have_noise_on_them(known):
    noise = Noise("image", "latent", 1.0)
    raw = SimpleNamespace(agent=Looking(), representation=None)
    assert disturbed(raw, noise, known, {}, 0) is None
    blind = SimpleNamespace(agent=Looking(), representation=ConcatenatedVAEs({"attr": Doubling("attributes")}))
    assert disturbed(blind, noise, known, {}, 0) is None
