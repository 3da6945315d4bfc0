"""Kinds and their options: the paper's parameter counts, losses by golden numbers, building and loading."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gwpipe.domains.attributes import CLIP, SMALLEST_SCALE, ShapeAttributesVAE, VectorAttributesVAE
from gwpipe.domains.catalogue import build, load_domain, make_domain, save_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.mlp import WithLinearPath
from gwpipe.domains.visual import VisualVAE, squared_error
from gwpipe.envs.robodesk import ATTRIBUTE_SLICES, UPSTREAM_ATTRIBUTE_SLICES
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.domains import DOMAINS, resolved
from gwpipe.settings.representation import VAESettings

RATES = {"start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def small(env: str, name: str, seed: int = 0, **changes) -> Domain:
    settings = VAESettings(width=0.05, latent=4, beta=0.1, optimisation={"steps": 1, "batch_size": 2, **RATES})
    return make_domain(env, name, settings.model_copy(update=changes), seed)


# Parameter counts (at width 1)


def test_visual_vae_of_simple_shapes_has_the_printed_counts() -> None:
    vae = VisualVAE(32, 10)
    assert count(vae.encoder, vae.mean, vae.log_variance) == 2_798_484
    assert count(vae.decoder) == 2_957_059


def test_visual_vae_of_robodesk_has_the_printed_counts() -> None:
    vae = VisualVAE(64, 40)
    assert count(vae.encoder, vae.mean, vae.log_variance) == 11_475_920
    assert count(vae.decoder) == 13_641_475


def test_attribute_vaes_have_the_printed_counts() -> None:
    shapes = ShapeAttributesVAE(10)
    assert count(shapes.encoder, shapes.mean, shapes.log_variance) == 5_798
    assert count(shapes.decoder, shapes.shape, shapes.rest) == 5_579
    vector = VectorAttributesVAE(76, 40)
    assert count(vector.encoder, vector.mean, vector.log_variance) == 851_192
    assert count(vector.decoder) == 585_292


def test_width_scales_the_channels() -> None:
    vae = VisualVAE(32, 10, width=0.25)
    assert [m.out_channels for m in vae.encoder if isinstance(m, nn.Conv2d)] == [16, 32, 64, 128]
    assert [m.out_channels for m in vae.decoder.blocks if isinstance(m, nn.ConvTranspose2d)] == [64, 32]


# From names and options to modules


@pytest.mark.parametrize(("env", "name"), [(env, name) for env, domains in DOMAINS.items() for name in domains])
def test_same_seed_same_weights(env: str, name: str) -> None:
    first, same, other = small(env, name), small(env, name), small(env, name, seed=1)
    pairs = zip(first.parameters(), same.parameters(), other.parameters())
    assert all(torch.equal(a, b) and (a.std() == 0 or not torch.equal(a, c)) for a, b, c in pairs if a.numel() > 1)


def test_damaged_or_missing_weights_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(UserError, match="do not exist; make them with gwpipe train_vae"):
        load_domain(path)
    save_domain(path, small("simple_shapes", "attr"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="are damaged") as raised:
        load_domain(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"kind": "visul"}, "no domain of kind 'visul'; did you mean 'visual'"),
        ({}, "no domain of kind None"),
        ({"kind": "visual", "side": 32}, "needs the option 'latent'"),
        ({"kind": "visual", "side": 32, "latent": 4, "veiw": "luma"}, "no option 'veiw'; did you mean 'view'"),
        ({"kind": "visual", "side": 32, "latent": 4, "view": "lumo"}, "no view 'lumo'; did you mean 'luma'"),
        ({"kind": "visual", "side": 48, "latent": 4}, "pictures of 48 px; there is one for 32, 64"),
        ({"kind": "shape_attributes", "latent": 4, "without": ["rotatoin"]}, "did you mean 'rotation'"),
        ({"kind": "language", "latent": 4, "grammar": "another"}, "train it again"),
    ],
)
def test_a_description_that_cannot_be_built_is_refused_in_one_line(description: dict, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        build(description)
    assert "\n" not in str(raised.value)


def test_an_unknown_domain_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(UserError, match="robodesk has no domain 'object'; did you mean 'objects'"):
        small("robodesk", "object")


def test_settings_may_choose_another_kind_and_other_options() -> None:
    grey = small("simple_shapes", "v", options={"view": "luma"})
    assert grey.describe() == {"kind": "visual", "side": 32, "latent": 4, "width": 0.05, "view": "luma"}
    other = small("simple_shapes", "v", kind="shape_attributes")
    assert isinstance(other, ShapeAttributesVAE), "the table's options belong to the table's kind"


# What is peculiar to one


def test_pictures_become_channels_between_0_and_1() -> None:
    picture = np.zeros((1, 32, 32, 3), np.uint8)
    picture[0, 3, 5] = (255, 51, 0)
    x = VisualVAE(32, 4, 0.05).inputs(torch.from_numpy(picture))
    torch.testing.assert_close(x[0, :, 3, 5], torch.tensor([1.0, 0.2, 0.0]))
    assert x.sum() == pytest.approx(1.2)


def test_visual_loss_is_half_the_summed_squared_error() -> None:
    vae = VisualVAE(32, 4, 0.05)
    x = torch.zeros(2, 3, 32, 32)
    decoded = x.clone()
    decoded[0, 1, 2, 3] = 0.5
    assert vae.reconstruction_loss(decoded, x).item() == pytest.approx(0.5 * 0.25 / 2)


def test_errors_of_colour_may_weigh_more_than_errors_of_grey() -> None:
    x = torch.zeros(1, 3, 1, 1)
    grey, red = torch.full((1, 3, 1, 1), 0.2), torch.tensor([0.2, -0.1, -0.1]).view(1, 3, 1, 1)
    assert squared_error(grey, x, colour=20).item() == pytest.approx(0.06)
    assert squared_error(red, x, colour=1).item() == pytest.approx(0.03)
    assert squared_error(red, x, colour=20).item() == pytest.approx(0.6)


def test_the_weight_of_colour_falls_to_the_papers_loss_and_is_of_training_alone() -> None:
    vae = VisualVAE(32, 2, 0.03125, colour_first=21)
    red, x = torch.tensor([0.2, -0.1, -0.1]).view(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)
    losses = []
    for progress in (0, 0.1, 0.2, 0.9):
        vae.schedule(progress)
        losses.append(vae.reconstruction_loss(red, x).item())
    assert losses == pytest.approx([0.63, 0.33, 0.03, 0.03])
    vae.schedule(0)
    assert vae.eval().reconstruction_loss(red, x).item() == pytest.approx(0.03)
    assert "colour_first" not in vae.describe()


def test_shape_loss_is_cross_entropy_and_half_the_squared_error() -> None:
    vae = ShapeAttributesVAE(4)
    x = torch.tensor([[0.0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]])
    decoded = torch.tensor([[0.0, 2, 0, 0.5, 0, 0, 1, 0, 0, 0, 0]])
    expected = -2 + np.log(np.exp(2) + 2) + 0.5 * 0.25
    assert vae.reconstruction_loss(decoded, x).item() == pytest.approx(expected)


def test_decoded_shape_becomes_a_one_hot() -> None:
    vae = ShapeAttributesVAE(4)
    decoded = torch.tensor([[-1.0, 3, 2, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]])
    np.testing.assert_allclose(vae.observations(decoded)[0, :4], [0, 1, 0, 0.1])


def test_vector_attributes_are_standardised_by_the_training_data() -> None:
    rows = np.tile(np.array([[1.0, 100.0], [3.0, 300.0]], np.float32), (4, 38))
    rows[:, 5] = 7.0
    vae = VectorAttributesVAE(76, 4, 0.05)
    vae.fit_to(rows)
    x = vae.inputs(torch.from_numpy(rows))
    torch.testing.assert_close(x[:2, 0], torch.tensor([-1.0, 1.0]))
    torch.testing.assert_close(x[:2, 1], torch.tensor([-1.0, 1.0]))
    assert x[:, 5].abs().max() == 0, "what does not vary stays at 0"
    assert vae.scale[5] == pytest.approx(SMALLEST_SCALE)
    assert vae.inputs(torch.full((1, 76), 1e6)).max() == CLIP
    np.testing.assert_allclose(vae.observations(x), rows, rtol=1e-5)


def test_velocities_weigh_less_and_come_back_in_their_own_units() -> None:
    rows = np.random.default_rng(0).normal(3, 2, (50, 76)).astype(np.float32)
    plain, vae = VectorAttributesVAE(76, 4), VectorAttributesVAE(76, 4, rates=[[9, 18], [50, 76]], rate_weight=0.1)
    for one in (plain, vae):
        one.fit_to(rows)
    usual, x = plain.inputs(torch.from_numpy(rows)), vae.inputs(torch.from_numpy(rows))
    light = torch.tensor([9 <= column < 18 or column >= 50 for column in range(76)])
    torch.testing.assert_close(x[:, ~light], usual[:, ~light])
    torch.testing.assert_close(x[:, light], 0.1 * usual[:, light])
    np.testing.assert_allclose(vae.observations(x), rows, rtol=1e-4, atol=1e-5)
    off = torch.zeros_like(x)
    off[:, 9] = 0.1
    assert vae.reconstruction_loss(x + off, x).item() == pytest.approx(0.5 * 0.1**2)
    assert vae.describe() == plain.describe() | {"rates": [[9, 18], [50, 76]], "rate_weight": 0.1}


def test_velocities_that_a_domain_does_not_see_are_passed_over() -> None:
    rates = [[9, 18], [50, 76]]
    proprio = VectorAttributesVAE(21, 4, first=0, rates=rates, rate_weight=0.1)
    objects = VectorAttributesVAE(55, 4, first=21, rates=rates, rate_weight=0.1)
    assert (proprio.weight < 1).nonzero().flatten().tolist() == list(range(9, 18))
    assert (objects.weight < 1).nonzero().flatten().tolist() == list(range(50 - 21, 76 - 21))


@pytest.mark.parametrize(("options", "message"), [
    ({"rate_weight": 0}, "leaves no way back to velocities; make it positive"),
    ({"rates": [[18, 9]]}, r"`rates` \[18, 9\]: columns are pairs \[first, past the last\]"),
    ({"rates": [[9]]}, r"`rates` \[9\]: columns are pairs"),
])  # fmt: skip
def test_impossible_velocities_are_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        VectorAttributesVAE(76, 4, **options)


@pytest.mark.parametrize("upstream", [False, True])
def test_the_table_knows_which_attributes_are_velocities(upstream: bool) -> None:
    slices = UPSTREAM_ATTRIBUTE_SLICES if upstream else ATTRIBUTE_SLICES
    # With the package's faults what it calls objects' positions are velocities too.
    velocities = {"qvel_robot", "qvel_objects"} | ({"qpos_objects"} if upstream else set())
    expected = sorted(k for name in velocities for k in range(slices[name].start, slices[name].stop))
    settings = VAESettings(latent=4, beta=0.1, optimisation={"steps": 1, "batch_size": 2, **RATES})
    rates = resolved("robodesk", "attr", settings, upstream).options["rates"]
    assert sorted(k for first, end in rates for k in range(first, end)) == expected


def test_a_linear_path_adds_linear_maps_to_the_posterior_mean_and_to_what_is_decoded() -> None:
    x, u = torch.randn(5, 76), torch.randn(5, 4)
    plain, vae = VectorAttributesVAE(76, 4, 0.05), VectorAttributesVAE(76, 4, 0.05, linear_path=True)
    assert isinstance(vae.decoder, WithLinearPath)
    for part, same in ((vae.encoder, plain.encoder), (vae.decoder.network, plain.decoder)):
        part.load_state_dict(same.state_dict())
    for name in ("mean", "log_variance"):
        getattr(vae, name).load_state_dict(getattr(plain, name).state_dict())
    torch.testing.assert_close(vae.posterior(x)[0], plain.posterior(x)[0] + x @ vae.straight_mean.weight.T)
    torch.testing.assert_close(vae.posterior(x)[1], plain.posterior(x)[1])
    torch.testing.assert_close(vae.decode(u), plain.decode(u) + u @ vae.decoder.straight.weight.T)
    assert vae.describe() == plain.describe() | {"linear_path": True}


def test_a_linear_path_carries_what_networks_alone_learn_by_heart() -> None:
    """Rows on a plane of 4 dimensions, of which training has seen 30 points."""
    from gwpipe.domains.fit import Run
    from gwpipe.domains.training import train_vae

    rng = np.random.default_rng(0)
    plane = rng.normal(size=(4, 12))
    points = rng.normal(size=(60, 4)).repeat(16, axis=0)
    rows = (points @ plane).astype(np.float32)
    losses = {}
    for linear in (False, True):
        settings = VAESettings(
            width=0.125,
            latent=6,
            beta=0.001,
            options={"linear_path": linear, "size": 12},
            optimisation={"steps": 300, "batch_size": 64, **RATES, "max_lr": 5e-3},
        )
        vae = make_domain("robodesk", "attr", settings)
        measured = train_vae(vae, rows[:480], rows[480:], settings, Run(0, "test"))
        losses[linear] = measured["held_out_reconstruction"]
    assert losses[True] < 0.1 * losses[False]


def test_visual_vae_can_tell_shapes_apart_after_a_little_training() -> None:
    """Held-out pictures are reconstructed clearly better than by the best constant picture."""
    from gwpipe.domains.fit import Run
    from gwpipe.domains.training import train_vae

    rng = np.random.default_rng(0)
    images = draw(np.stack([sample_attributes(rng) for _ in range(256)]))
    settings = VAESettings(
        width=0.125,
        latent=10,
        beta=0.1,
        optimisation={"steps": 60, "batch_size": 64, **RATES, "max_lr": 4e-3},
    )
    vae = make_domain("simple_shapes", "v", settings)
    measured = train_vae(vae, images[:192], images[192:], settings, Run(0, "test"))
    constant = 0.5 * (images / 255).var(0).sum()
    assert measured["held_out_reconstruction"] < 0.8 * constant


# Options


def test_what_is_left_out_is_not_seen() -> None:
    rows = np.arange(22, dtype=np.float32).reshape(2, 11)
    vae = ShapeAttributesVAE(4, without=["rotation", "size"])
    np.testing.assert_array_equal(vae.prepare(rows)[0], [0, 1, 2, 3, 4, 8, 9, 10])
    assert vae.decode(torch.zeros(2, 4)).shape == (2, 8)
    assert ShapeAttributesVAE(4).prepare(rows) is rows


def test_robodesk_s_parts_are_its_named_columns() -> None:
    rows = np.arange(76, dtype=np.float32)[None]
    parts = {
        "proprio": ["qpos_robot", "qvel_robot", "end_effector"],
        "objects": ["qpos_objects", "qvel_objects"],
    }
    for name, slices in parts.items():
        expected = np.concatenate([rows[0, ATTRIBUTE_SLICES[part]] for part in slices])
        np.testing.assert_array_equal(small("robodesk", name).prepare(rows)[0], expected)
    with pytest.raises(UserError, match="cannot read a vector of 73"):
        small("robodesk", "objects").prepare(np.zeros((1, 73), np.float32))


def test_colour_blind_pictures_are_luma() -> None:
    picture = np.zeros((1, 32, 32, 3), np.uint8)
    picture[0, 3, 5] = (255, 100, 0)
    seen = VisualVAE(32, 4, 0.05, view="luma").prepare(picture)
    assert seen.shape == (1, 32, 32, 1)
    assert seen[0, 3, 5, 0] == round(0.299 * 255 + 0.587 * 100)
    assert seen.sum() == seen[0, 3, 5, 0]


def test_a_silhouette_does_not_know_the_colour() -> None:
    """Coverage, whatever the colour; coarser where the colour is dark."""
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(16)])
    vae = VisualVAE(32, 4, 0.05, view="silhouette")
    raw[:, 5:] = 255
    white = draw(raw)
    raw[:, 5:] = (30, 200, 90)
    green = draw(raw)
    raw[:, 5:] = (46, 10, 0)
    dark = draw(raw)
    np.testing.assert_array_equal(vae.prepare(white)[..., 0], white[..., 0])
    assert np.abs(vae.prepare(green).astype(int) - vae.prepare(white)).max() <= 1
    assert np.abs(vae.prepare(dark).astype(int) - vae.prepare(white)).max() <= 3
    many = np.concatenate([white] * 70)
    np.testing.assert_array_equal(vae.prepare(many)[-16:], vae.prepare(white), "in parts as at once")
    assert vae.prepare(np.zeros((1, 32, 32, 3), np.uint8)).max() == 0, "where nothing is seen there is no shape"
