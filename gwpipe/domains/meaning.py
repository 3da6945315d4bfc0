"""The decoder of sentences: from u to what is said, which the grammar then puts into words.

A sentence is what it says and how it says it, and how (template, order, synonyms) tells nothing about the shape. A
decoder that has to reproduce the words makes u carry both: tried here (a recurrent network over words, 800 steps), u
held the form of the sentence and hardly the shape. So the loss asks for what the sentence says, which is read from its
own words alone, and decoding gives a sentence of the grammar in one plain form.
"""

from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.captions import writers
from gwpipe.domains.captions.grammar import CHOICES, LENGTH, write
from gwpipe.domains.captions.reading import READ
from gwpipe.domains.mlp import mlp

_CUTS = sorted({cut for cuts in writers.GRIDS for cut in cuts})
"""px. Where either grid has a cut: between them lie strips, and a row of either grid is a few strips together."""
_SECTORS = 2 * writers.DIRECTIONS
"""Sectors of 11.25°, counter-clockwise from up: one of 16 directions is two of them, one of eight is four."""
_SIZES = {name: writers.MEANING[name] for name in ("shape", "size", "colour")}
_SIZES |= {"direction": _SECTORS, "row": len(_CUTS) + 1, "column": len(_CUTS) + 1}
"""What is decoded → number of values."""
_PARTS = dict(zip(_SIZES, (slice(end - size, end) for size, end in zip(_SIZES.values(), accumulate(_SIZES.values())))))


def _directions() -> Tensor:
    """Said direction → which sectors it may mean, (16, sectors). One of the main eight may be meant roughly."""
    said = torch.arange(writers.DIRECTIONS)[:, None]
    apart = (torch.arange(_SECTORS) + 0.5 - 2 * said).abs()
    return torch.minimum(apart, _SECTORS - apart) < 2 - said % 2


def _places() -> Tensor:
    """Grid, said row or column → which strips it may mean, (2, 7, strips)."""
    inside = np.array([_CUTS[0] - 1, *((low + high) / 2 for low, high in pairwise(_CUTS)), _CUTS[-1] + 1])
    return torch.stack([torch.from_numpy(np.digitize(inside, cuts) == np.arange(7)[:, None]) for cuts in writers.GRIDS])


_DIRECTION_SETS, _PLACE_SETS = _directions(), _places()
SCORES = sum(_SIZES.values())
"""Width of the decoder's output."""
SEEN = LENGTH + len(READ)
"""Width of a prepared caption: its word numbers, then what they say."""


class MeaningDecoder(nn.Module):
    """u (B, latent) to scores (B, SCORES) of all that may be said.

    Args:
        latent: width of u.
        hidden: units of each of the two hidden layers.
    """

    def __init__(self, latent: int, hidden: int) -> None:
        super().__init__()
        self.layers = mlp(latent, hidden, hidden, SCORES)

    def forward(self, u: Tensor) -> Tensor:
        return self.layers(u)


def meaning_loss(scores: Tensor, x: Tensor) -> Tensor:
    """−log p that sentences are true: scores (B, SCORES), x (B, SEEN) → summed over statements, mean over the batch.

    A rough statement is as true as a precise one, so both teach the same scores: "north" may mean four
    sectors, "upper" three strips. How precisely a sentence speaks need not be known, and u is the same place for both.
    """
    said = dict(zip(READ, x[:, LENGTH:].unbind(1)))
    logs = {name: torch.log_softmax(scores[:, part].float(), dim=1) for name, part in _PARTS.items()}
    true = {
        "direction": _DIRECTION_SETS.to(x.device)[said["direction"]],
        "row": _PLACE_SETS.to(x.device)[said["grid"], said["row"]],
        "column": _PLACE_SETS.to(x.device)[said["grid"], said["column"]],
    }
    known = [logs[name].gather(1, said[name][:, None])[:, 0] for name in ("shape", "size", "colour")]
    known += [logs[name].masked_fill(~may_be, -torch.inf).logsumexp(1) for name, may_be in true.items()]
    return -torch.stack(known).sum(0).mean()


def most_likely(scores: Tensor) -> npt.NDArray[np.uint8]:
    """The most likely statement (B, SEEN), in plain words: the first of templates, synonyms and wordings.

    Said roughly, in the 3×3 grid and one of eight directions, for what is decoded may know no more.
    """
    parts = {name: torch.softmax(scores[:, part].float().cpu(), dim=1) for name, part in _PARTS.items()}
    rough = _PLACE_SETS[0, :3].float().T
    best = {name: parts[name].argmax(1) for name in ("shape", "size", "colour")}
    best |= {"direction": 2 * (parts["direction"] @ _DIRECTION_SETS[::2].float().T).argmax(1)}
    best |= {axis: (parts[axis] @ rough).argmax(1) for axis in ("row", "column")}
    said = {name: value.numpy() for name, value in best.items()} | {"grid": np.zeros(len(scores), np.int64)}
    choices = np.zeros((len(scores), len(CHOICES)), np.int64)
    for name in writers.MEANING:
        choices[:, CHOICES.index(name)] = said[name]
    return np.concatenate([write(choices), np.stack([said[name] for name in READ], axis=1).astype(np.uint8)], axis=1)
