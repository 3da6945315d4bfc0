"""The grammar's variety, captions as a function of the row, and reading them back."""

import itertools

import numpy as np
import pytest

from gwpipe.domains.captions import grammar, writers
from gwpipe.domains.captions.captioner import caption, caption_and_meaning, choose
from gwpipe.domains.captions.colours import COLOURS, NAMED, nearest_colour
from gwpipe.domains.captions.grammar import CHOICES, END, LENGTH, PAD, WORD_IDS, sentences, write
from gwpipe.domains.captions.reading import NOTHING, READ, read, truth
from gwpipe.envs.simple_shapes import normalise


def column(name: str) -> int:
    return CHOICES.index(name)


def shape(**changes: float | tuple[float, float, float]) -> np.ndarray:
    """A raw row (1, 8): an egg of 10 px at (16, 16), upright, red; or otherwise."""
    row = {"shape": 1, "x": 16, "y": 16, "size": 10, "rotation": 0.0, "colour": (255, 0, 0)} | changes
    return np.array([[*(row[k] for k in ("shape", "x", "y", "size", "rotation")), *row["colour"]]], dtype=float)


def saying(raw: np.ndarray, sixteen: bool = True, fine: bool = True) -> dict[str, int]:
    said = writers.meaning(raw, np.full(len(raw), sixteen), np.full(len(raw), fine))
    return {name: int(value[0]) for name, value in said.items()}


# The published generator's variety


def test_seven_templates_in_eighteen_structures() -> None:
    assert len(grammar.TEMPLATES) == 7
    assert len(set(grammar.STRUCTURES)) == len(grammar.STRUCTURES) == sum(grammar.ORDERS) == 18


def test_numbers_of_synonyms_and_bins() -> None:
    assert [len(set(words)) for words in writers.SHAPES] == [7, 7, 2]
    assert len(writers.SIZES) == 4
    assert [len(set(phrases)) for phrases in writers.ROTATIONS] == [16, 16]
    assert [(len(grid), len(grid[0])) for grid in writers.LOCATIONS] == [(3, 3), (7, 7)]
    assert len(COLOURS) == 40


@pytest.mark.parametrize(("size", "expected"), [(7, 0), (8, 0), (9, 1), (10, 1), (11, 2), (13, 3), (14, 3)])
def test_size_is_cut_at_9_11_13(size: float, expected: int) -> None:
    assert saying(shape(size=size))["size"] == expected


@pytest.mark.parametrize(
    ("x", "fine", "coarse"),
    [
        (7, 0, 0),
        (8.9, 0, 0),
        (9, 1, 0),
        (12, 2, 0),
        (13, 2, 1),
        (14, 3, 1),
        (18, 4, 1),
        (20, 5, 2),
        (23, 6, 2),
        (40, 6, 2),
    ],
)
def test_places_are_cut_into_bins_along_each_axis(x: float, fine: int, coarse: int) -> None:
    for axis, name in (("x", "column"), ("y", "row")):
        assert saying(shape(**{axis: x}))[name] == fine
        assert saying(shape(**{axis: x}), fine=False)[name] == coarse


@pytest.mark.parametrize(
    ("degrees", "compass", "corner", "of_eight"),
    [
        (0, "the north", "the top", 0),
        (22.5, "the north-northwest", "between the top and the top-left corner", 2),
        (90, "the west", "the left side", 4),
        (225, "the southeast", "the bottom-right corner", 10),
        (359, "the north", "the top", 0),
        (337.5, "the north-northeast", "between the top-right corner and the top", 14),
    ],
)
def test_directions_run_counter_clockwise_from_up(degrees: float, compass: str, corner: str, of_eight: int) -> None:
    # a hair less than half-way, so that rounding has one answer
    raw = shape(rotation=np.radians(degrees - 0.01 if degrees > 180 else degrees + 0.01))
    direction = saying(raw)["direction"]
    assert [wording[direction] for wording in writers.ROTATIONS] == [compass, corner]
    assert saying(raw, sixteen=False)["direction"] == of_eight


def test_the_nearest_named_colour() -> None:
    table = np.array(list(NAMED.values()), dtype=float)
    assert [COLOURS[k] for k in nearest_colour(table)] == list(NAMED)
    assert COLOURS[nearest_colour(np.array([[120.0, 132, 4]]))[0]] == "olive"
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (50, 3)).astype(float)
    np.testing.assert_array_equal(nearest_colour(rgb), ((rgb[:, None] - table) ** 2).sum(2).argmin(1))


# Writing


def test_a_sentence_of_given_choices() -> None:
    said = {"shape": 1, "size": 3, "colour": COLOURS.index("olive"), "direction": 14, "row": 2, "column": 0}
    style = {"template": 2, "order": 0, "shape_word": 0, "size_word": 0, "wording": 0, "sixteen": 0, "fine": 0}
    row = said | style | {"thing": 0, "pointing": 0}
    choices = np.array([[row[name] for name in CHOICES]])
    assert sentences(write(choices))[0] == (
        "a large olive object pointing to the northeast at the upper left, which looks like an egg"
    )
    choices[0, [column("order"), column("size_word"), column("wording")]] = 1
    assert sentences(write(choices))[0] == (
        "a big olive object at the upper left pointing to the top-right corner, which looks like an egg"
    )


def longest(phrases: object) -> int:
    if isinstance(phrases, str):
        return len(phrases.split())
    return max(map(longest, phrases))  # type: ignore[call-overload]


def test_every_sentence_fits() -> None:
    slots = {
        "{shape}": longest(writers.SHAPES),
        "{size}": longest(writers.SIZES),
        "{colour}": 1,
        "{rotation}": longest(writers.ROTATIONS),
        "{location}": longest(writers.LOCATIONS),
        "{thing}": 1,
        "{pointing}": longest(writers.POINTING),
    }
    assert max(sum(slots.get(word, 1) for word in structure) for structure in grammar.STRUCTURES) < LENGTH
    assert len(grammar.VOCABULARY) == len(set(grammar.VOCABULARY)) <= 256


def test_a_caption_follows_from_its_row_and_the_seed_alone(attributes: np.ndarray) -> None:
    ids = caption(attributes, 0)
    np.testing.assert_array_equal(caption(attributes[::-1], 0)[::-1], ids)
    np.testing.assert_array_equal(caption(attributes[7:8].astype(np.float64), 0), ids[7:8])
    other = choose(attributes, 1)
    assert (caption(attributes, 1) != ids).any(1).mean() > 0.9
    # another seed finds other words for the same shape, size and colour
    np.testing.assert_array_equal(other[:, :3], choose(attributes, 0)[:, :3])


def test_captions_stay_the_same_for_ever() -> None:
    expected = "the thing is a red ellipse, aimed at the north, little, halfway up and halfway across"
    assert sentences(caption(normalise(shape()), 0)).tolist() == [expected]


def test_a_caption_can_be_rebuilt_from_its_choices(attributes: np.ndarray) -> None:
    choices = choose(attributes, 0)
    np.testing.assert_array_equal(write(choices), caption(attributes, 0))
    assert len(set(sentences(write(choices)))) > 0.99 * len(choices)


def test_every_choice_is_made(attributes: np.ndarray) -> None:
    choices = np.concatenate([choose(attributes, seed) for seed in range(4)])
    for name, number in {"template": 7, "wording": 2, "sixteen": 2, "fine": 2, "thing": 3, "pointing": 3}.items():
        share = np.bincount(choices[:, column(name)], minlength=number) / len(choices)
        assert share == pytest.approx(1 / number, abs=0.05), name
    assert len(np.unique(choices[:, [column("template"), column("order")]], axis=0)) == 18
    words = np.unique(choices[:, [column("shape"), column("shape_word")]], axis=0)
    assert len(words) == 16


# Reading


def test_what_is_written_is_read(attributes: np.ndarray) -> None:
    """Every structure, with every phrase somewhere: nothing is mistaken for something else."""
    choices = np.concatenate([choose(attributes, seed) for seed in range(4)])
    said = dict(zip(READ, read(write(choices)).T))
    for name in ("shape", "size", "colour", "direction", "row", "column"):
        np.testing.assert_array_equal(said[name], choices[:, column(name)])
    np.testing.assert_array_equal(said["grid"], choices[:, column("fine")])


def test_what_is_kept_beside_a_caption_is_what_it_says(attributes: np.ndarray) -> None:
    """The targets are in the words: nothing is told that the sentence does not say."""
    both = caption_and_meaning(attributes, 0)
    np.testing.assert_array_equal(both[:, :LENGTH], caption(attributes, 0))
    np.testing.assert_array_equal(both[:, LENGTH:], read(both[:, :LENGTH]))


def test_captions_are_true_of_their_rows_and_not_of_others(attributes: np.ndarray) -> None:
    ids = caption(attributes, 0)
    assert all(true.all() for true in truth(ids, attributes).values())
    chance = {name: true.mean() for name, true in truth(ids, np.roll(attributes, 1, axis=0)).items()}
    assert chance["shape"] == pytest.approx(1 / 3, abs=0.1)
    assert max(chance["colour"], chance["rotation"], chance["location"]) < 0.2


def test_a_sentence_is_judged_at_its_own_precision() -> None:
    def words(text: str) -> np.ndarray:
        ids = np.full((1, LENGTH), WORD_IDS[PAD], np.uint8)
        numbers = [*grammar.numbers(text), WORD_IDS[END]]
        ids[0, : len(numbers)] = numbers
        return ids

    row = normalise(shape(rotation=np.radians(20.0), x=19, y=7))
    assert truth(words("pointing to the north-northwest"), row)["rotation"][0]
    assert truth(words("pointing to the north"), row)["rotation"][0], "20° is north of eight directions"
    assert not truth(words("pointing to the northwest"), row)["rotation"][0]
    assert truth(words("at the lower right"), row)["location"][0]
    assert truth(words("very low and slightly right"), row)["location"][0]
    assert not truth(words("very low and right"), row)["location"][0]
    assert not any(true[0] for true in truth(words("which looks like"), row).values()), "nothing said, nothing true"
    assert not truth(words("an egg a triangle"), row)["shape"][0], "said in two ways"


def test_what_is_not_said_is_nothing() -> None:
    assert (read(np.full((2, LENGTH), WORD_IDS[PAD], np.uint8)) == NOTHING).all()


def test_no_phrase_stands_for_two_things() -> None:
    phrases = [
        *itertools.chain(*writers.SHAPES, *writers.SIZES, COLOURS),
        *itertools.chain(*writers.ROTATIONS),
        *(phrase for grid in writers.LOCATIONS for row in grid for phrase in row),
    ]
    assert len(phrases) == len(set(phrases))
