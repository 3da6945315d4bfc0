"""Private values beside the attributes, and attributes without an encoder."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe.domains.attributes import ShapeAttributesVAE, private_values
from gwpipe.domains.catalogue import load_domain, make_domain, save_domain
from gwpipe.domains.fit import Run
from gwpipe.domains.plain_attributes import PlainAttributes
from gwpipe.domains.training import train_vae
from gwpipe.envs.simple_shapes import denormalise, normalise
from gwpipe.errors import UserError
from gwpipe.settings.representation import VAESettings
from gwpipe.studies.fresh_shapes import sample_raw

RATES = {"start_lr": 1e-3, "max_lr": 1e-2, "end_lr": 1e-4, "weight_decay": 1e-5}


def settings(steps: int, **changes) -> VAESettings:
    block = {"latent": 11, "beta": 0.001, "optimisation": {"steps": steps, "batch_size": 128, **RATES}}
    return VAESettings.model_validate(block | changes)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    return normalise(sample_raw(np.random.default_rng(0), 6000))


def test_private_values_belong_to_the_row_and_the_seed(many: np.ndarray) -> None:
    values = private_values(many[:50], 2, 0)
    assert values.shape == (50, 2)
    np.testing.assert_array_equal(private_values(many[20:30], 2, 0), values[20:30])
    np.testing.assert_array_equal(private_values(many[:50].astype(np.float64), 2, 0), values)
    assert not np.isclose(private_values(many[:50], 2, 1), values).any()


def test_private_values_are_uniform_and_tell_nothing(many: np.ndarray) -> None:
    value = private_values(many, 1, 0)[:, 0]
    assert abs(value.mean()) < 0.03
    assert abs(value.var() - 1 / 3) < 0.01
    assert np.abs([value.min(), value.max()]).min() > 0.99
    # A quadratic fit on one half explains nothing of the other half.
    terms = np.concatenate([many, many**2, many[:, 3:4] * many[:, 4:9], np.ones((len(many), 1))], axis=1)
    fitted = np.linalg.lstsq(terms[:3000], value[:3000], rcond=None)[0]
    assert np.var(value[3000:] - terms[3000:] @ fitted) > 0.98 * np.var(value[3000:])


def test_the_private_value_is_in_the_latent_and_nowhere_else(many: np.ndarray, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    chosen = settings(800)
    domain = make_domain("simple_shapes", "attr_unpaired", chosen)
    train_vae(domain, many[:5000], many[5000:], chosen, Run(0, "test"))
    unseen = many[5000:]
    decoded = domain.observations(domain.decode(domain.encode(unseen)))
    assert decoded.shape == (1000, 12)
    value = private_values(unseen, 1, 0)[:, 0]
    assert np.mean((decoded[:, 11] - value) ** 2) < 0.05 * value.var()
    assert (denormalise(decoded[:, :11])[:, 0] == denormalise(unseen)[:, 0]).mean() > 0.98
    save_domain(tmp_path / "w", domain)
    loaded = load_domain(tmp_path / "w")
    assert isinstance(loaded, ShapeAttributesVAE)
    assert (loaded.unpaired, loaded.seed) == (1, 0)
    torch.testing.assert_close(loaded.encode(unseen[:9]), domain.encode(unseen[:9]))


def test_the_plain_domain_of_attributes_has_none(many: np.ndarray) -> None:
    plain = make_domain("simple_shapes", "attr", settings(1))
    assert plain.prepare(many) is many
    with pytest.raises(UserError, match="0 to 16 private values, not 17"):
        ShapeAttributesVAE(4, unpaired=17)


def test_plain_attributes_are_their_own_latent(many: np.ndarray, tmp_path: Path) -> None:
    chosen = settings(3, kind="plain_attributes")
    domain = make_domain("simple_shapes", "attr", chosen)
    assert isinstance(domain, PlainAttributes)
    measured = train_vae(domain, many[:5000], many[5000:], chosen, Run(0, "test"))
    assert measured["held_out_reconstruction"] == 0
    u = domain.encode(many[:5000])
    torch.testing.assert_close(u.std(0), torch.ones(11), rtol=1e-3, atol=0)
    np.testing.assert_allclose(domain.observations(domain.decode(u)), many[:5000], atol=1e-5)
    save_domain(tmp_path / "w", domain)
    torch.testing.assert_close(load_domain(tmp_path / "w").encode(many[:7]), u[:7])
    with pytest.raises(UserError, match="set `latent` to 11, not 9"):
        make_domain("simple_shapes", "attr", settings(1, kind="plain_attributes", latent=9)).prepare(many)
