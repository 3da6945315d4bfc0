"""The grammar: 7 templates, 18 structures, and the sentence that a row of choices stands for.

A template is words and slots; its groups in square brackets may stand in any order. Every choice is a number, so a row
of choices is a sentence and can be written out again, and the choices may serve as targets.
"""

import hashlib
import itertools
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gwpipe.domains.captions import writers
from gwpipe.domains.captions.colours import COLOURS

TEMPLATES = (
    "a {size} {colour} {shape} [{pointing} {rotation}] [{location}]",
    "there is a {size} {shape} in {colour} [{location}] [{pointing} {rotation}]",
    "a {size} {colour} {thing} [{pointing} {rotation}] [{location}] , which looks like a {shape}",
    "the {thing} is a {colour} {shape} [, {size}] [, {location}] [, {pointing} {rotation}]",
    "[{location} ,] [{pointing} {rotation} ,] there is a {size} {colour} {shape}",
    "a {shape} [of {colour} colour] [that is {size}] , {pointing} {rotation} , {location}",
    "this {size} {thing} is a {shape} [coloured {colour}] [seen {location}] , its tip {pointing} {rotation}",
)


class Template(NamedTuple):
    """A template cut into pieces: words, slots in braces, and groups as tuples of such."""

    pieces: tuple[tuple[str, ...], ...]
    groups: tuple[int, ...]
    """Which of the pieces are groups."""

    @property
    def orders(self) -> tuple[tuple[int, ...], ...]:
        """All orders of the groups."""
        return tuple(itertools.permutations(self.groups))

    def arranged(self, order: int) -> tuple[str, ...]:
        """Words and slots with the groups in one of their orders."""
        turn = dict(zip(self.groups, self.orders[order]))
        return tuple(word for k in range(len(self.pieces)) for word in self.pieces[turn.get(k, k)])


def _cut(template: str) -> Template:
    parts = [part for part in re.split(r"(\[.*?\])", template) if part.strip()]
    groups = tuple(k for k, part in enumerate(parts) if part.startswith("["))
    return Template(tuple(tuple(part.strip("[] ").split()) for part in parts), groups)


_CUT = tuple(_cut(template) for template in TEMPLATES)
ORDERS = tuple(len(template.orders) for template in _CUT)
"""Orders of each template's groups: 18 structures in all."""
STRUCTURES = tuple(template.arranged(order) for template in _CUT for order in range(len(template.orders)))
_FIRST_STRUCTURE = np.cumsum((0, *ORDERS))[:-1]

STYLE = ("template", "order", "shape_word", "size_word", "wording", "sixteen", "fine", "thing", "pointing")
"""What is free in a sentence. wording: compass or corners; sixteen: 16 directions or 8; fine: a 7×7 grid or 3×3."""
CHOICES = (*writers.MEANING, *STYLE)
"""Columns of a row of choices."""

PAD, END, UNKNOWN = "<pad>", "<end>", "<unknown>"


def _phrases() -> list[str]:
    locations = [phrase for grid in writers.LOCATIONS for row in grid for phrase in row]
    words = [*itertools.chain(*writers.SHAPES, *writers.SIZES, *writers.ROTATIONS), *COLOURS, *locations]
    return [*words, *writers.THINGS, *writers.POINTING]


_SLOT = re.compile(r"{(\w+)}")
_LITERALS = {word for structure in STRUCTURES for word in structure if not _SLOT.match(word)}
VOCABULARY = (PAD, END, UNKNOWN, *sorted(_LITERALS | {"an"} | set(" ".join(_phrases()).split())))
"""Every word of the grammar, at its number."""
WORD_IDS = {word: number for number, word in enumerate(VOCABULARY)}
FINGERPRINT = hashlib.sha256(repr((TEMPLATES, VOCABULARY, LENGTH := 32)).encode()).hexdigest()[:16]
"""Changes when the grammar does; a network's word numbers belong to one grammar."""

_STARTS_WITH_VOWEL = np.array([word[0] in "aeiou" for word in VOCABULARY])


def numbers(phrase: str) -> tuple[int, ...]:
    """A phrase's words as numbers."""
    return tuple(WORD_IDS[word] for word in phrase.split())


_SHAPES = tuple(tuple(map(numbers, words)) for words in writers.SHAPES)
_SIZES = tuple(tuple(map(numbers, words)) for words in writers.SIZES)
_COLOURS = tuple(map(numbers, COLOURS))
_ROTATIONS = tuple(tuple(map(numbers, phrases)) for phrases in writers.ROTATIONS)
_LOCATIONS = tuple(tuple(tuple(map(numbers, row)) for row in grid) for grid in writers.LOCATIONS)
_THINGS = tuple(map(numbers, writers.THINGS))
_POINTING = tuple(map(numbers, writers.POINTING))
_STRUCTURES = tuple(
    tuple(word if _SLOT.match(word) else numbers(word) for word in structure) for structure in STRUCTURES
)


def write(choices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Rows of choices (N, len(CHOICES)) to word numbers (N, LENGTH): the sentence, END, and PAD to the end."""
    at = {name: column for column, name in enumerate(CHOICES)}
    structures = _FIRST_STRUCTURE[choices[:, at["template"]]] + choices[:, at["order"]]
    out = np.full((len(choices), LENGTH), WORD_IDS[PAD], np.uint8)
    for line, structure, row in zip(out, structures.tolist(), choices.tolist()):
        shape, size, colour, direction, low, left, _, _, shape_word, size_word, wording, _, fine, thing, point = row
        said = {
            "{shape}": _SHAPES[shape][shape_word],
            "{size}": _SIZES[size][size_word],
            "{colour}": _COLOURS[colour],
            "{rotation}": _ROTATIONS[wording][direction],
            "{location}": _LOCATIONS[fine][low][left],
            "{thing}": _THINGS[thing],
            "{pointing}": _POINTING[point],
        }
        words: list[int] = []
        for part in _STRUCTURES[structure]:
            words += said[part] if isinstance(part, str) else part
        line[: len(words)] = words
        line[len(words)] = WORD_IDS[END]
    # "a" before a vowel is "an", wherever words happen to meet.
    a = (out[:, :-1] == WORD_IDS["a"]) & _STARTS_WITH_VOWEL[out[:, 1:]]
    out[:, :-1][a] = WORD_IDS["an"]
    return out


def sentences(ids: npt.NDArray[np.integer]) -> npt.NDArray[np.str_]:
    """Word numbers (N, L) as sentences (N,), each up to its END."""
    lines = []
    for row in ids.tolist():
        words = list(itertools.takewhile(lambda word: word != END, (VOCABULARY[number] for number in row)))
        lines.append(" ".join(word for word in words if word != PAD).replace(" ,", ","))
    return np.array(lines, dtype=np.str_)
