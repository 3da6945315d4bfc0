from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe.data.episodes import open_episodes
from gwpipe.data.latents import Encoder, cache_latents, load_latents, open_latents
from gwpipe.errors import UserError


def first_three(attributes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(attributes[:, 3:6])


def brightness(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.reshape(len(image), -1).mean(1, keepdims=True, dtype=np.float32))


ENCODERS: dict[str, Encoder] = {"v": ("image", 1, brightness), "attr": ("attributes", 3, first_three)}


def cached(data: Path, tmp_path: Path, name: str, vae: str = "1") -> Path:
    path = tmp_path / "simple_shapes" / "latents" / "centre" / f"{name}.zarr"
    hashes = {"data": "0", "v": vae, "attr": "1"}
    cache_latents(open_episodes(data), ENCODERS, hashes, path, tmp_path / f"scratch_{name}")
    return path


def test_rows_are_aligned_with_the_data(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=1100, length=1)
    cache = open_latents(cached(data, tmp_path, "random"))
    episodes = open_episodes(data)
    assert cache.rows == episodes.rows == 1100
    np.testing.assert_array_equal(cache.load("attr"), episodes.load("attributes")[:, 3:6])
    np.testing.assert_array_equal(cache.load("v"), brightness(episodes.load("image")))
    np.testing.assert_array_equal(cache.load("is_first"), episodes.load("is_first"))
    assert cache.attributes["made_from"] == {"data": "0", "v": "1", "attr": "1"}


def test_loading_splits_each_cache_as_the_data_are_split(collected: Callable[..., Path], tmp_path: Path) -> None:
    caches = [
        cached(collected(rows=20, length=1), tmp_path, "random"),
        cached(collected(rows=40, length=1, name="other", seed=1), tmp_path, "other"),
    ]
    train, held_out = load_latents(caches, ["attr", "v"], 0.1)
    assert [u.shape for u in train.values()] == [(54, 3), (54, 1)]
    assert [u.shape for u in held_out.values()] == [(6, 3), (6, 1)]
    assert train["v"].dtype == torch.float32


def test_caches_of_different_vaes_are_refused(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=20, length=1)
    caches = [cached(data, tmp_path, "random"), cached(data, tmp_path, "other", vae="2")]
    with pytest.raises(UserError, match="different VAEs of 'v'"):
        load_latents(caches, ["v"], 0.1)


def test_damaged_cache_names_its_own_command(collected: Callable[..., Path], tmp_path: Path) -> None:
    path = cached(collected(rows=20, length=1), tmp_path, "random")
    (path / "v" / "c" / "0" / "0").unlink()
    with pytest.raises(UserError, match="cache_latents --env simple_shapes --task centre --policy random"):
        load_latents([path], ["v"], 0.1)
