"""The latent cache: unimodal latents (posterior means) of a data set, row i of every domain showing the same moment.

It is small, 40 to 160 bytes a domain and row, so it is read whole into memory. It names the data set and the VAEs it
was made from by their hashes.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.data.episodes import choice, held_out_from
from gwpipe.data.store import Field, Rows, RowWriter, move_into_place
from gwpipe.errors import UserError
from gwpipe.progress import Progress

Encoder = tuple[str, int, Callable[[npt.NDArray[Any]], Tensor]]
"""Which observation a domain reads, the width of its latent, and what encodes a batch of them."""


def cache_latents(
    episodes: Rows, encoders: Mapping[str, Encoder], hashes: Mapping[str, str], path: Path, scratch: Path
) -> int:
    """Encode every row of `episodes` into a new cache at `path` and return the number of rows.

    encoders: domain → how its latents are made. hashes: what they were made from, by name. scratch: folder for the
    unfinished cache.
    """
    fields = {name: Field((latent,), "float32") for name, (_, latent, _) in encoders.items()}
    writer = RowWriter(scratch / "unfinished.zarr", fields | {"is_first": Field((), "bool")})
    observed = {observation for observation, _, _ in encoders.values()}
    streams = {name: episodes.chunks(name) for name in observed | {"is_first"}}
    with Progress(episodes.rows, "row", "cache_latents") as progress:
        for parts in zip(*streams.values()):
            chunk = {name: rows for name, (_, rows) in zip(streams, parts)}
            latents = {name: encode(chunk[key]).cpu().numpy() for name, (key, _, encode) in encoders.items()}
            writer.append({**latents, "is_first": chunk["is_first"]})
            progress.update(len(chunk["is_first"]))
    rows = writer.finish({"made_from": dict(hashes)})
    move_into_place(writer.path, path)
    return rows


def open_latents(path: Path) -> Rows:
    """A complete latent cache, checked.

    Raises:
        UserError: missing, incomplete or damaged; says what and how to make it again.
    """
    return Rows(path, f"gwpipe cache_latents{choice(path)}")


def load_latents(
    paths: Sequence[Path], domains: Sequence[str], holdout: float
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Training and held-out latents, domain → (N, latent), of several caches together.

    Raises:
        UserError: a cache is missing, incomplete, damaged or too small to be split, or two were made by different VAEs.
    """
    parts: dict[str, tuple[list[Any], list[Any]]] = {name: ([], []) for name in domains}
    makers: dict[str, tuple[str, Path]] = {}
    for path in paths:
        cache = open_latents(path)
        split = held_out_from(cache.load("is_first"), holdout)
        for name, (train, held_out) in parts.items():
            maker = cache.attributes["made_from"].get(name, "")
            if makers.setdefault(name, (maker, path))[0] != maker:
                raise UserError(
                    f"latents {makers[name][1]} and {path} come from different VAEs of '{name}'; make them anew"
                )
            rows = cache.load(name)
            train.append(rows[:split])
            held_out.append(rows[split:])
    train_latents = {name: torch.from_numpy(np.concatenate(train)) for name, (train, _) in parts.items()}
    return train_latents, {name: torch.from_numpy(np.concatenate(rest)) for name, (_, rest) in parts.items()}
