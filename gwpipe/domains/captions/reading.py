"""From words back to attributes: what a sentence says, and whether it is true."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gwpipe.domains.captions import writers
from gwpipe.domains.captions.colours import COLOURS
from gwpipe.domains.captions.grammar import END, WORD_IDS, numbers
from gwpipe.envs.simple_shapes import denormalise

READ = ("shape", "size", "colour", "direction", "grid", "row", "column")
"""What is read out of a sentence. grid: 0 for 3×3, 1 for 7×7, in which row and column count."""
NOTHING = -1
"""Value of what a sentence does not say, or says in two ways."""


class _Phrase(NamedTuple):
    words: tuple[int, ...]
    says: dict[str, int]


def _phrases() -> dict[int, list[_Phrase]]:
    """First word → phrases that begin with it, longest first."""
    said: list[_Phrase] = []
    for field, values in (("shape", writers.SHAPES), ("size", writers.SIZES)):
        said += [_Phrase(numbers(word), {field: value}) for value, words in enumerate(values) for word in words]
    said += [_Phrase(numbers(word), {"colour": value}) for value, word in enumerate(COLOURS)]
    for phrases in writers.ROTATIONS:
        said += [_Phrase(numbers(phrase), {"direction": value}) for value, phrase in enumerate(phrases)]
    for grid, rows in enumerate(writers.LOCATIONS):
        for row, columns in enumerate(rows):
            said += [
                _Phrase(numbers(phrase), {"grid": grid, "row": row, "column": column})
                for column, phrase in enumerate(columns)
            ]
    found: dict[int, list[_Phrase]] = {}
    for phrase in sorted(said, key=lambda phrase: -len(phrase.words)):
        found.setdefault(phrase.words[0], []).append(phrase)
    return found


_PHRASES = _phrases()


def read(ids: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """What sentences (N, L), as word numbers, say: (N, len(READ)), `NOTHING` where they do not.

    Phrases are looked for wherever they stand, the longest first, so a sentence need not keep to a template.
    """
    out = np.full((len(ids), len(READ)), NOTHING, np.int64)
    for line, row in zip(out, ids.tolist()):
        words = row[: row.index(WORD_IDS[END])] if WORD_IDS[END] in row else row
        said: dict[str, set[int]] = {}
        start = 0
        while start < len(words):
            step = 1
            for phrase in _PHRASES.get(words[start], ()):
                if tuple(words[start : start + len(phrase.words)]) == phrase.words:
                    step = len(phrase.words)
                    for field, value in phrase.says.items():
                        said.setdefault(field, set()).add(value)
                    break
            start += step
        for column, field in enumerate(READ):
            values = said.get(field, set())
            if len(values) == 1:
                line[column] = min(values)
    return out


def truth(ids: npt.NDArray[np.integer], attributes: npt.NDArray[Any]) -> dict[str, npt.NDArray[np.bool_]]:
    """Is what sentences (N, L) say true of normalised attributes (N, 11)? One array (N,) for each attribute.

    Each phrase is judged at its own precision: a place in the grid it names, one of the 8 main directions within
    22.5°, one between two of them within 11.25°. What is not said is not true.
    """
    said = dict(zip(READ, read(ids).T))
    odd, fine = said["direction"] % 2 == 1, said["grid"] == 1
    true = writers.meaning(denormalise(attributes), odd, fine)
    return {
        "shape": said["shape"] == true["shape"],
        "size": said["size"] == true["size"],
        "colour": said["colour"] == true["colour"],
        "rotation": said["direction"] == true["direction"],
        "location": (said["row"] == true["row"]) & (said["column"] == true["column"]),
    }
