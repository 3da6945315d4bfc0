from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe.artefact import hash_directory
from gwpipe.data.episodes import open_episodes
from gwpipe.data.latents import cache_latents, load_latents, open_latents
from gwpipe.errors import UserError


def first_three(attributes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(attributes[:, 3:6])


def brightness(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.reshape(len(image), -1).mean(1, keepdims=True, dtype=np.float32))


READS = {"v": ("image", 1, brightness), "attr": ("attributes", 3, first_three)}


def cached(data: Path, tmp_path: Path, policy: str, domain: str, vae: str = "1", made_from: str = "0") -> Path:
    path = tmp_path / "simple_shapes" / "latents" / "centre" / policy / f"{domain}.zarr"
    hashes = {"data": made_from, "vae": vae}
    cache_latents(open_episodes(data), *READS[domain], hashes, path, tmp_path / f"scratch_{policy}_{domain}")
    return path


def test_rows_are_aligned_with_the_data(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=1100, length=1)
    episodes = open_episodes(data)
    expected = {"attr": episodes.load("attributes")[:, 3:6], "v": brightness(episodes.load("image"))}
    for domain, rows in expected.items():
        cache = open_latents(cached(data, tmp_path, "random", domain))
        assert cache.rows == episodes.rows == 1100
        np.testing.assert_array_equal(cache.load("u"), rows)
        np.testing.assert_array_equal(cache.load("is_first"), episodes.load("is_first"))
        assert cache.attributes["made_from"] == {"data": "0", "vae": "1"}


def test_a_cache_goes_on_behind_the_chunks_that_are_there(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=1100, length=1)
    whole = cached(data, tmp_path, "random", "attr")
    seen: list[int] = []

    def encode(rows: np.ndarray) -> torch.Tensor:
        seen.append(len(rows))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return first_three(rows)

    path, scratch = tmp_path / "other.zarr", tmp_path / "scratch"
    arguments = (open_episodes(data), "attributes", 3, encode, {"data": "0", "vae": "1"}, path, scratch)
    with pytest.raises(KeyboardInterrupt):
        cache_latents(*arguments, "me")
    assert not path.exists()
    cache_latents(*arguments, "me")
    assert seen == [512, 512, 512, 76]
    assert hash_directory(path) == hash_directory(whole)
    # Rows of another identity are not taken over.
    (scratch / "committed.json").write_text('{"rows": 512, "identity": "you"}')
    cache_latents(*arguments, "me")
    assert seen[4:] == [512, 512, 76]


def test_loading_splits_each_cache_as_the_data_are_split(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = {"random": collected(rows=20, length=1), "other": collected(rows=40, length=1, name="other", seed=1)}
    caches = {
        domain: [cached(path, tmp_path, policy, domain, made_from=policy) for policy, path in data.items()]
        for domain in READS
    }
    train, held_out, vaes = load_latents(caches, 0.1)
    assert {domain: u.shape for domain, u in train.items()} == {"v": (54, 1), "attr": (54, 3)}
    assert {domain: u.shape for domain, u in held_out.items()} == {"v": (6, 1), "attr": (6, 3)}
    assert vaes == {"v": "1", "attr": "1"}
    assert train["v"].dtype == torch.float32


def test_caches_of_different_vaes_are_refused(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=20, length=1)
    caches = [cached(data, tmp_path, "random", "v"), cached(data, tmp_path, "other", "v", vae="2")]
    with pytest.raises(UserError, match="different VAEs of 'v'"):
        load_latents({"v": caches}, 0.1)


def test_caches_of_different_data_are_refused(collected: Callable[..., Path], tmp_path: Path) -> None:
    data = collected(rows=20, length=1)
    caches = {
        "v": [cached(data, tmp_path, "random", "v")],
        "attr": [cached(data, tmp_path, "random", "attr", made_from="1")],
    }
    with pytest.raises(UserError, match="different data sets"):
        load_latents(caches, 0.1)


def test_caches_of_other_data_or_weights_than_those_used_are_refused(
    collected: Callable[..., Path], tmp_path: Path
) -> None:
    data = collected(rows=20, length=1)
    caches = {
        domain: [cached(data, tmp_path, policy, domain, made_from=policy) for policy in ("random", "other")]
        for domain in READS
    }
    used = ["random", "other"]
    load_latents(caches, 0.1, used, {"v": "1"})
    remedy = "make them anew with gwpipe cache_latents --env simple_shapes --task centre --policy"
    with pytest.raises(UserError, match=f"other.v.zarr come from another data set than the one used.*{remedy} other"):
        load_latents(caches, 0.1, ["random", "third"], {"v": "1"})
    with pytest.raises(UserError, match=f"random.attr.zarr come from other weights of 'attr' .*{remedy} random"):
        load_latents(caches, 0.1, used, {"v": "1", "attr": "2"})


def test_damaged_cache_names_its_own_command(collected: Callable[..., Path], tmp_path: Path) -> None:
    path = cached(collected(rows=20, length=1), tmp_path, "random", "v")
    (path / "u" / "c" / "0" / "0").unlink()
    words = "cache_latents --env simple_shapes --task centre --policy random --domain v"
    with pytest.raises(UserError, match=words):
        load_latents({"v": [path]}, 0.1)
