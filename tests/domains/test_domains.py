"""What every domain must keep to, and the parameter counts of the paper's tables."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gwpipe.domains.attributes import CLIP, SMALLEST_SCALE, ShapeAttributesVAE, VectorAttributesVAE
from gwpipe.domains.catalogue import DOMAINS, build, load_domain, make_domain, save_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.visual import VisualVAE
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.representation import VAESettings

ALL = [(env, name) for env, domains in DOMAINS.items() for name in domains]


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def small(env: str, name: str, seed: int = 0) -> Domain:
    settings = VAESettings(width=0.05, latent=4, beta=0.1, optimisation={"steps": 1, "batch_size": 2, **RATES})
    return make_domain(env, name, settings, seed)


RATES = {"start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}


def example(env: str, name: str, rows: int = 5) -> np.ndarray:
    rng = np.random.default_rng(0)
    if name == "v":
        side = 32 if env == "simple_shapes" else 64
        return rng.integers(0, 256, (rows, side, side, 3), dtype=np.uint8)
    if env == "simple_shapes":
        return normalise(np.stack([sample_attributes(rng) for _ in range(rows)]))
    return rng.standard_normal((rows, 76)).astype(np.float32)


# Parameter counts (at width 1)


def test_visual_vae_of_simple_shapes_has_the_printed_counts() -> None:
    vae = VisualVAE(32, 10)
    assert count(vae.encoder, vae.mean, vae.log_variance) == 2_798_484
    assert count(vae.base, vae.decoder, vae.last) == 2_957_059


def test_visual_vae_of_robodesk_has_the_printed_counts() -> None:
    vae = VisualVAE(64, 40)
    assert count(vae.encoder, vae.mean, vae.log_variance) == 11_475_920
    assert count(vae.base, vae.decoder, vae.last) == 13_641_475


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
    assert [m.out_channels for m in vae.decoder if isinstance(m, nn.ConvTranspose2d)] == [64, 32]


# The contract


@pytest.mark.parametrize(("env", "name"), ALL)
def test_shapes_and_types(env: str, name: str) -> None:
    domain = small(env, name).eval()
    observations = example(env, name)
    u = domain.encode(observations)
    assert u.shape == (5, 4)
    assert u.dtype == torch.float32
    assert not u.requires_grad
    decoded = domain.decode(u)
    loss = domain.reconstruction_loss(decoded, domain.inputs(torch.from_numpy(observations)))
    assert loss.shape == ()
    assert loss > 0
    back = domain.observations(decoded)
    assert back.shape == observations.shape
    assert back.dtype == observations.dtype


@pytest.mark.parametrize(("env", "name"), ALL)
def test_the_rest_of_the_batch_does_not_change_a_latent(env: str, name: str) -> None:
    domain = small(env, name).eval()
    observations = example(env, name)
    torch.testing.assert_close(domain.encode(observations)[:1], domain.encode(observations[:1]))


def test_encoding_in_training_mode_is_refused() -> None:
    domain = small("simple_shapes", "v").train()
    with pytest.raises(RuntimeError, match="eval"):
        domain.encode(example("simple_shapes", "v"))


@pytest.mark.parametrize(("env", "name"), ALL)
def test_same_seed_same_weights(env: str, name: str) -> None:
    first, same, other = small(env, name), small(env, name), small(env, name, seed=1)
    pairs = zip(first.parameters(), same.parameters(), other.parameters())
    assert all(torch.equal(a, b) and (a.std() == 0 or not torch.equal(a, c)) for a, b, c in pairs if a.numel() > 1)


@pytest.mark.parametrize(("env", "name"), ALL)
def test_to_disk_and_back(env: str, name: str, tmp_path: Path) -> None:
    domain = small(env, name)
    observations = example(env, name)
    domain.fit_to(observations)
    domain.eval()
    save_domain(tmp_path / "weights.safetensors", domain)
    loaded = load_domain(tmp_path / "weights.safetensors")
    assert loaded.describe() == domain.describe()
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    torch.testing.assert_close(loaded.encode(observations), domain.encode(observations), rtol=0, atol=0)


@pytest.mark.parametrize(("env", "name"), ALL)
def test_runs_on_the_meta_device(env: str, name: str) -> None:
    with torch.device("meta"):
        domain = build(DOMAINS[env][name] | {"latent": 10, "width": 1.0})
        shape = (2, 3, domain.side, domain.side) if isinstance(domain, VisualVAE) else example(env, name, 2).shape
        x = torch.empty(shape)
        mean, _ = domain.posterior(x)
        domain.reconstruction_loss(domain.decode(mean), x).backward()


def test_damaged_or_missing_weights_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(UserError, match="do not exist; make them with gwpipe train_vae"):
        load_domain(path)
    save_domain(path, small("simple_shapes", "attr"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="are damaged") as raised:
        load_domain(path)
    assert "\n" not in str(raised.value)


def test_unknown_kind_or_domain_is_refused() -> None:
    with pytest.raises(UserError, match="'smell'"):
        build({"kind": "smell"})
    with pytest.raises(UserError, match="no domain 't'; there is v, attr"):
        small("simple_shapes", "t")


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
