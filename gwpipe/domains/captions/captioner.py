"""Captions of attributes: every choice that the attributes leave free follows from the row itself and a seed."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gwpipe.domains.captions import grammar, writers
from gwpipe.domains.captions.reading import READ
from gwpipe.envs.simple_shapes import denormalise
from gwpipe.seeding import row_draws


def choose(attributes: npt.NDArray[Any], seed: int) -> npt.NDArray[np.int64]:
    """The choices (N, len(CHOICES)) behind the captions of normalised attributes (N, 11).

    A row's caption depends on the row's bytes (as float32) and on `seed` alone, so it is the same in every data set and
    batch: nothing has to be stored beside the attributes, and captions go with pictures row by row.
    """
    rows = np.ascontiguousarray(attributes, dtype=np.float32)
    draws = row_draws(rows, "caption", seed).astype(np.int64)

    def drawn(column: int, among: Any) -> npt.NDArray[np.int64]:
        return (draws[:, column] * among) >> 16

    sixteen, fine = drawn(0, 2), drawn(1, 2)
    said = writers.meaning(denormalise(rows), sixteen == 1, fine == 1)
    template = drawn(2, len(grammar.TEMPLATES))
    style = {
        "template": template,
        "order": drawn(3, np.array(grammar.ORDERS)[template]),
        "shape_word": drawn(4, np.array([len(words) for words in writers.SHAPES])[said["shape"]]),
        "size_word": drawn(5, np.array([len(words) for words in writers.SIZES])[said["size"]]),
        "wording": drawn(6, len(writers.ROTATIONS)),
        "sixteen": sixteen,
        "fine": fine,
        "thing": drawn(7, len(writers.THINGS)),
        "pointing": drawn(8, len(writers.POINTING)),
    }
    return np.stack([(said | style)[name] for name in grammar.CHOICES], axis=1)


def caption(attributes: npt.NDArray[Any], seed: int) -> npt.NDArray[np.uint8]:
    """Captions of normalised attributes (N, 11) as word numbers (N, LENGTH)."""
    return grammar.write(choose(attributes, seed))


def caption_and_meaning(attributes: npt.NDArray[Any], seed: int) -> npt.NDArray[np.uint8]:
    """Captions (N, LENGTH) and, beside them, what they say in the order of `reading.READ`."""
    choices = choose(attributes, seed)
    said = [choices[:, grammar.CHOICES.index({"grid": "fine"}.get(name, name))] for name in READ]
    return np.concatenate([grammar.write(choices), np.stack(said, axis=1).astype(np.uint8)], axis=1)
