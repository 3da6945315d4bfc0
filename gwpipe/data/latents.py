"""The latent cache: unimodal latents u (posterior means) of one domain over one data set, row by row.

Row i of every domain's cache shows the same moment. A cache is small, 40 to 160 bytes a row, so it is read whole into
memory. It names the data set and the VAE it was made from by their hashes: caches of several domains belong together if
their data set is the same, caches of several data sets if their VAE is. Who uses the data set or the VAE beside a cache
hands their hashes over, to be compared.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe import artefact, layout
from gwpipe.data.episodes import held_out_from
from gwpipe.data.store import CHUNK_ROWS, Field, Rows, RowWriter
from gwpipe.errors import UserError
from gwpipe.progress import Progress
from gwpipe.settings.choices import DataName


def cache_latents(
    episodes: Rows,
    observation: str,
    latent: int,
    encode: Callable[[npt.NDArray[Any]], Tensor],
    made_from: Mapping[str, str],
    path: Path,
    scratch: Path,
    identity: str = "",
) -> int:
    """Encode every row of `episodes` into a new cache at `path` and return the number of rows.

    observation: which one the domain reads. latent: width of u. encode: a batch of observations to u (B, latent).
    made_from: hashes of `data` and `vae`. scratch: folder for the unfinished cache; what a killed run of the same
    `identity` left there is continued.
    """
    fields = {"u": Field((latent,), "float32"), "is_first": Field((), "bool")}
    side = scratch / "committed.json"
    writer = RowWriter(scratch / "unfinished.zarr", fields, _committed(side, identity))
    began = writer.committed
    with Progress(episodes.rows, "row", "cache_latents", done=began) as progress:
        for (_, rows), (_, first) in zip(episodes.chunks(observation, began), episodes.chunks("is_first", began)):
            writer.append({"u": encode(rows).cpu().numpy(), "is_first": first})
            if writer.committed % CHUNK_ROWS == 0:
                with artefact.staging(side) as partial:
                    partial.write_text(json.dumps({"rows": writer.committed, "identity": identity}))
            progress.update(len(first))
    count = writer.finish({"made_from": dict(made_from)})
    artefact.move_into_place(writer.path, path)
    side.unlink(missing_ok=True)
    return count


def _committed(side: Path, identity: str) -> int:
    try:
        said = json.loads(side.read_text())
        return said["rows"] if said["identity"] == identity else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def cache_paths(
    place: layout.Place, env: str, domains: Sequence[str], data: Sequence[DataName]
) -> dict[str, list[Path]]:
    """Domain → where its cache of each data set lies, in the order of `data`."""
    return {
        domain: [place.path(layout.LATENTS, env=env, domain=domain, **name.model_dump()) for name in data]
        for domain in domains
    }


def open_latents(path: Path) -> Rows:
    """A complete latent cache, checked.

    Raises:
        UserError: missing, incomplete or damaged; says what and how to make it again.
    """
    return Rows(path, layout.command("cache_latents", path))


class Loaded(NamedTuple):
    """Latents of several data sets together, domain → (N, latent), and what made them."""

    train: dict[str, Tensor]
    held_out: dict[str, Tensor]
    vaes: dict[str, str]
    """Domain → hash of the weights that made its caches."""


def load_latents(
    caches: Mapping[str, Sequence[Path]],
    holdout: float,
    used_data: Sequence[str] = (),
    used_vaes: Mapping[str, str] | None = None,
) -> Loaded:
    """Training and held-out latents of several data sets together.

    caches: domain → its cache of each data set, in the same order for every domain. used_data: hashes of the data sets
    that are read beside their caches, in this order too; used_vaes: domain → hash of the weights that are used beside
    them. Nothing is compared of what is not given.

    Raises:
        UserError: a cache is missing, incomplete, damaged or too small to be split, two caches of a domain were made by
            different VAEs, or the domains' caches of a data set from different data; or a cache was made from other
            data or by another VAE than those used.
    """
    expected_vaes = used_vaes or {}
    train: dict[str, Tensor] = {}
    held_out: dict[str, Tensor] = {}
    vaes: dict[str, str] = {}
    data: dict[int, tuple[str, Path]] = {}
    for domain, paths in caches.items():
        parts: tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]] = ([], [])
        vae: tuple[str, Path] | None = None
        for k, path in enumerate(paths):
            cache = open_latents(path)
            made_from = cache.attributes["made_from"]
            if used_data and made_from["data"] != used_data[k]:
                raise UserError(
                    f"latents {path} come from another data set than the one used here; make them anew with "
                    f"{layout.command('cache_latents', path)}"
                )
            if made_from["vae"] != expected_vaes.get(domain, made_from["vae"]):
                raise UserError(
                    f"latents {path} come from other weights of '{domain}' than those used here; make them anew with "
                    f"{layout.command('cache_latents', path)}"
                )
            vae = vae or (made_from["vae"], path)
            if vae[0] != made_from["vae"]:
                raise UserError(f"latents {vae[1]} and {path} come from different VAEs of '{domain}'; make them anew")
            same = data.setdefault(k, (made_from["data"], path))
            if same[0] != made_from["data"]:
                raise UserError(f"latents {same[1]} and {path} come from different data sets; make them anew")
            split = held_out_from(cache.load("is_first"), holdout)
            rows = cache.load("u")
            parts[0].append(rows[:split])
            parts[1].append(rows[split:])
        if vae is not None:
            vaes[domain] = vae[0]
        train[domain], held_out[domain] = (torch.from_numpy(np.concatenate(part)) for part in parts)
    return Loaded(train, held_out, vaes)
