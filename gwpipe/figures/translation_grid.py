"""Pictures while a workspace trains: held-out rows, what they are translated to, and what comes back.

A look at the training, no result: the stage imports this file by name and only where pictures are asked for, so that a
change of it trains nothing anew.
"""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from gwpipe.artefact import hash_file, staging
from gwpipe.domains.catalogue import load_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.language import LanguageVAE
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import ATTRIBUTES, denormalise
from gwpipe.errors import UserError
from gwpipe.workspace.workspace import Workspace

ROWS = 8
"""Held-out rows shown."""
SIDE, GAP, HEAD = 64, 4, 14
"""Side of a tile, space between tiles, and the line above each column, px."""
WORDS = 160
"""Width of a tile with a sentence, px."""

Tile = npt.NDArray[np.uint8]


def watcher(
    workspace: Workspace,
    held_out: Mapping[str, Tensor],
    vaes: Mapping[str, Path],
    hashes: Mapping[str, str],
    every: int,
    folder: Path,
) -> Callable[[int], None]:
    """What `Run.watch` calls after each step: writes `folder`/step000500.png and so on, one each `every` steps.

    held_out: domain → latents (N, latent), rows paired; the first are shown. vaes: domain → weights; hashes: of the
    weights that made the latents. Domains that only encode are shown as sources of others alone.

    Raises:
        UserError: the weights are missing, damaged, or not those that made the latents.
    """
    for name, path in vaes.items():
        if path.exists() and hash_file(path) != hashes[name]:
            raise UserError(f"no pictures: the latents of '{name}' come from other weights than {path}; make them anew")
    domains = {name: load_domain(path) for name, path in vaes.items()}
    u = {name: held_out[name][:ROWS] for name in workspace.domains}

    def watch(step: int) -> None:
        if step % every == 0:
            path = folder / f"step{step:06d}.png"
            with staging(path) as partial:
                translation_grid(workspace, domains, u).save(partial, format="PNG")

    return watch


@torch.no_grad()
def translation_grid(workspace: Workspace, domains: Mapping[str, Domain], u: Mapping[str, Tensor]) -> Image.Image:
    """A column for each domain's own decoding (`v`), each translation (`v > attr`) and each cycle (`v > all > v`).

    u: domain → latents (n, latent), a row of the grid each.
    """
    was_training = workspace.training
    workspace.eval()
    device = workspace.get_buffer("z_centre").device
    u = {name: value.to(device) for name, value in u.items()}
    shown: dict[str, tuple[str, Tensor]] = {}
    for source, value in u.items():
        shown[source] = (source, value)
        others = [name for name in workspace.domains if name != source]
        for target in others:
            shown[f"{source} > {target}"] = (target, workspace.translate({source: value}, target))
        if others:
            through = others[0] if len(others) == 1 else "all"
            shown[f"{source} > {through} > {source}"] = (source, workspace.cycle({source: value})[source])
    workspace.train(was_training)
    columns = {
        title: tiles(domains[name], latents.cpu())
        for title, (name, latents) in shown.items()
        if domains[name].can_decode
    }
    return _assemble(columns)


def tiles(domain: Domain, u: Tensor) -> list[Tile]:
    """What a domain decodes from latents (n, latent), as pictures (SIDE, width, 3): drawn, written, or as bars."""
    decoded = domain.decode(u)
    if isinstance(domain, LanguageVAE):
        return [_written(sentence) for sentence in domain.speak(u)]
    seen = domain.observations(decoded)
    if seen.ndim == 4:
        return [_resized(picture) for picture in seen]
    if _is_shape(domain, seen):
        raw = denormalise(seen[:, :ATTRIBUTES])
        raw[:, 5:] = raw[:, 5:].clip(0, 255)
        return [_resized(picture) for picture in draw(raw)]
    return [_bars(row) for row in seen]


def _is_shape(domain: Domain, seen: npt.NDArray[Any]) -> bool:
    """Has a vector all attributes of Simple Shapes in their order?"""
    kind = domain.describe()["kind"]
    if kind == "plain_attributes":
        return seen.shape[1] == ATTRIBUTES
    return kind == "shape_attributes" and not domain.describe()["without"]


def _resized(picture: npt.NDArray[np.uint8]) -> Tile:
    grey = picture.shape[2] == 1
    image = Image.fromarray(np.repeat(picture, 3, axis=2) if grey else picture)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def _written(sentence: str) -> Tile:
    image = Image.new("RGB", (WORDS, SIDE), "white")
    ImageDraw.Draw(image).multiline_text((3, 2), textwrap.fill(str(sentence), 26), fill="black", spacing=1)
    return np.asarray(image)


def _bars(row: npt.NDArray[np.floating[Any]]) -> Tile:
    """Entries from −2 to 2 as bars from the middle."""
    places = np.arange(SIDE) * len(row) // SIDE
    middle = SIDE / 2
    ends = middle - np.clip(row, -2, 2)[places] * middle / 2
    height = np.arange(SIDE)[:, None] + 0.5
    inside = (height - middle) * (height - ends) <= 0
    return np.where(inside[..., None], np.uint8(70), np.uint8(235)).repeat(3, axis=2)


def _assemble(columns: Mapping[str, list[Tile]]) -> Image.Image:
    widths = [column[0].shape[1] + GAP for column in columns.values()]
    rows = max(len(column) for column in columns.values())
    grid = Image.new("RGB", (sum(widths) + GAP, rows * (SIDE + GAP) + HEAD + GAP), (128, 128, 128))
    pen, left = ImageDraw.Draw(grid), GAP
    for (title, column), width in zip(columns.items(), widths):
        pen.text((left, 1), title, fill="white", font_size=9)
        for row, tile in enumerate(column):
            grid.paste(Image.fromarray(tile), (left, HEAD + row * (SIDE + GAP)))
        left += width
    return grid
