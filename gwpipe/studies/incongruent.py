"""What a workspace makes of a picture and an attribute vector that contradict each other (Figure 2, in numbers).

The picture decoded from the attributes alone (weights as in translation, `tr`) should show the attributes, the one from
the image alone (`dcy`) the image, and the one from half of each (`fusion`) something in between.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gwpipe.envs.shape_drawing import SHAPE_NAMES
from gwpipe.studies.attribute_errors import UNITS, angle_between, constant_predictor, row_errors, summary
from gwpipe.studies.fresh_shapes import Shapes, fresh_shapes
from gwpipe.studies.routes import PICTURE, VECTOR, Route
from gwpipe.studies.tidy import WHOSE, Column, Row
from gwpipe.studies.trained import Trained

Array = npt.NDArray[np.float64]

WEIGHTS = {
    "tr": Route({VECTOR: 1.0}, PICTURE),
    "fusion": Route({VECTOR: 0.5, PICTURE: 0.5}, PICTURE),
    "dcy": Route({PICTURE: 1.0}, PICTURE),
}
"""Name of the fusion weights in Figure 2 → the route to a picture."""

COLUMNS = {
    "env": WHOSE["env"],
    "kind": Column("string", "of the workspace"),
    "pair": Column("string", "all: over the incongruent pairs; 1, 2, …: a row of the figure"),
    "weights": Column("string", "tr: all on the attributes; fusion: half each; dcy: all on the image"),
    "beside": Column(
        "string", "what the decoded picture is compared with: the pair's attributes or image, or tr and dcy"
    ),
    "quantity": Column("string", "class, position, rotation, size, colour; x, y, red, green, blue"),
    "statistic": Column(
        "string",
        "of the error: accuracy, mean, median, p90. share_between: pairs in which the reading at fusion lies between "
        "those at dcy and tr; median_place: where, from 0 (dcy) to 1 (tr). shown: the reading itself",
    ),
    "unit": Column("string", "of value, the bounds and reader_error"),
    "value": Column("Float64", "what was measured"),
    "bound_vae": Column("Float64", "the same of the visual VAE's reconstruction of the shape that is compared with"),
    "bound_constant": Column("Float64", "the same of the constant predictor"),
    "reader_error": Column("Float64", "the same of the reader on true renderings of the shape that is compared with"),
    "shape": Column("string", "class shown in this row of the figure"),
    "pairs": Column("Int64", "counted"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}
"""Columns of `figure2.csv`."""

LEAST_APART = {"class": 1.0, "position": 4.0, "rotation": 45.0, "size": 3.0, "colour": 60.0}
"""How far the two of a pair are apart at least: another class, px, degrees, px, RGB levels (mean of the channels)."""

PLACES = {"x": 1, "y": 2, "size": 3, "rotation": 4, "red": 5, "green": 6, "blue": 7}
"""Attribute that can lie between two others → its column in raw attributes."""
ENDS_APART = {"x": 2.0, "y": 2.0, "size": 1.0, "rotation": 20.0, "red": 20.0, "green": 20.0, "blue": 20.0}
"""Only where the pictures at tr and dcy differ by this much (px, degrees, levels) is something in between sought."""

VIVID, LARGE = 150.0, 11.0
"""Of the attribute vector that Figure 2 draws: least spread between two channels (RGB levels), and least size (px)."""


@dataclass(frozen=True)
class Pairs:
    """N pairs of an image and attributes of two different shapes."""

    image: Shapes
    attributes: Shapes


@dataclass(frozen=True)
class Decoded:
    """Pictures decoded from N pairs, and what the reader finds in them."""

    pictures: dict[str, npt.NDArray[np.uint8]]
    """Weights → (N, 32, 32, 3)."""
    read: dict[str, Array]
    """Weights → raw attributes (N, 8)."""


def are_incongruent(first: Array, second: Array) -> npt.NDArray[np.bool_]:
    """Rows (N,) in which all attributes of two shapes, raw (N, 8), differ by `LEAST_APART`."""
    apart = row_errors(first, second)
    return np.all([apart[name] >= least for name, least in LEAST_APART.items()], axis=0)


def incongruent_pairs(rows: int, seed: int) -> Pairs:
    """The first `rows` incongruent pairs of two random streams of shapes."""
    # About one pair in eight is far enough apart in everything.
    tried = 16 * rows + 256
    images = fresh_shapes(tried, "incongruent images", seed)
    attributes = fresh_shapes(tried, "incongruent attributes", seed)
    chosen = np.flatnonzero(are_incongruent(images.raw, attributes.raw))[:rows]
    return Pairs(images.take(chosen), attributes.take(chosen))


def shown_pairs(rows: int, seed: int) -> Pairs:
    """One attribute vector, vivid and large, beside `rows` images that all contradict it: what Figure 2 draws."""
    tried = 32 * rows + 256
    candidates = fresh_shapes(tried, "figure2 attributes", seed)
    colours = candidates.raw[:, 5:]
    striking = (np.ptp(colours, axis=1) >= VIVID) & (candidates.raw[:, 3] >= LARGE)
    attributes = candidates.take(np.flatnonzero(striking)[[0] * tried])
    images = fresh_shapes(tried, "figure2 images", seed)
    chosen = np.flatnonzero(are_incongruent(images.raw, attributes.raw))[:rows]
    return Pairs(images.take(chosen), attributes.take(chosen))


def decode_pairs(pairs: Pairs, trained: Trained, kind: str) -> Decoded:
    """Pictures of the pairs at the weights of `WEIGHTS`, and their attributes."""
    u = trained.encode({"image": pairs.image.image, "attributes": pairs.attributes.attributes})
    pictures = {name: trained.follow(kind, route, u) for name, route in WEIGHTS.items()}
    return Decoded(pictures, {name: trained.attributes(PICTURE, made) for name, made in pictures.items()})


def place_between(found: Array, start: Array, end: Array, *, angle: bool = False) -> Array:
    """How far `found` lies on the way from `start` (0) to `end` (1); all (N,), `start` and `end` different.

    angle: of angles in rad, along the shorter way round.
    """
    if angle:
        return angle_between(found, start) / angle_between(end, start)
    return (found - start) / (end - start)


def number_rows(pairs: Pairs, decoded: Decoded, trained: Trained) -> list[Row]:
    """Figure 2 in numbers, over all pairs: whose attributes each picture shows, and what lies in between."""
    rows = []
    for whose, shapes in (("attributes", pairs.attributes), ("image", pairs.image)):
        rebuilt = trained.decode(PICTURE, trained.encode(shapes.observations)[PICTURE])
        bounds = summary(row_errors(trained.attributes(PICTURE, rebuilt), shapes.raw))
        own = summary(row_errors(trained.attributes(PICTURE, shapes.image), shapes.raw))
        constant = constant_predictor(shapes.raw)
        for weights, read in decoded.read.items():
            for measure, value in summary(row_errors(read, shapes.raw)).items():
                row = _row(weights, whose, measure.quantity, measure.statistic, UNITS[measure.quantity], value)
                row |= {"bound_vae": bounds[measure], "bound_constant": constant[measure], "pairs": len(read)}
                rows.append(row | {"reader_error": own[measure]})
    return rows + _between_rows(decoded.read)


def _between_rows(read: dict[str, Array]) -> list[Row]:
    rows, inside = [], []
    for name, column in PLACES.items():
        found, start, end = (read[weights][:, column] for weights in ("fusion", "dcy", "tr"))
        angle = name == "rotation"
        apart = np.degrees(np.abs(angle_between(end, start))) if angle else np.abs(end - start)
        far = apart >= ENDS_APART[name]
        if not far.any():
            continue
        place = place_between(found[far], start[far], end[far], angle=angle)
        between = (place > 0) & (place < 1)
        inside.append(between)
        counted = {"pairs": int(far.sum())}
        rows.append(_row("fusion", "tr and dcy", name, "share_between", "%", 100 * between.mean()) | counted)
        rows.append(_row("fusion", "tr and dcy", name, "median_place", "", float(np.median(place))) | counted)
    if inside:
        every = np.concatenate(inside)
        counted = {"pairs": len(every)}
        rows.append(_row("fusion", "tr and dcy", "all", "share_between", "%", 100 * every.mean()) | counted)
    return rows


def _row(weights: str, beside: str, quantity: str, statistic: str, unit: str, value: float) -> Row:
    return {
        "pair": "all",
        "weights": weights,
        "beside": beside,
        "quantity": quantity,
        "statistic": statistic,
        "unit": unit,
        "value": float(value),
    }


def shown_rows(pairs: Pairs, decoded: Decoded) -> list[Row]:
    """The attributes behind and in each picture that Figure 2 draws."""
    units = {"x": "px", "y": "px", "size": "px", "rotation": "deg"}
    rows = []
    sources = {"image": pairs.image.raw, "attributes": pairs.attributes.raw, **decoded.read}
    for pair in range(len(pairs.image.raw)):
        for name, raw in sources.items():
            said: dict[str, float] = {quantity: raw[pair, column] for quantity, column in PLACES.items()}
            said["rotation"] = np.degrees(said["rotation"])
            for quantity, value in said.items():
                row = _row(name, "", quantity, "shown", units.get(quantity, "RGB levels"), value)
                rows.append(row | {"pair": str(pair + 1), "shape": SHAPE_NAMES[int(raw[pair, 0])]})
    return rows
