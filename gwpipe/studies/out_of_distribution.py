"""Does a workspace translate what it has never seen together? Workspaces trained with and without a hole in the data.

A hole is a combination of ranges of two attributes (`gwpipe.data.holes`). For each seed one workspace is trained on all
rows and one, from the same first weights, on those outside the hole; both translate fresh shapes from inside and from
outside of it. The VAEs have seen all rows: each modality is known, what is missing is their meeting in the workspace.
"""

from collections.abc import Mapping

import numpy as np

from gwpipe.data.holes import ROUND, Hole, in_hole
from gwpipe.envs.shape_drawing import SHAPE_NAMES
from gwpipe.studies.attribute_errors import UNITS, Measure, row_errors, shortfall, summary
from gwpipe.studies.fresh_shapes import Shapes, fresh_shapes
from gwpipe.studies.routes import PICTURE, TRANSLATIONS
from gwpipe.studies.tidy import WHOSE, Column, Row
from gwpipe.studies.trained import Trained
from gwpipe.studies.translation_quality import READ_BY, ratio

ALL, WITHOUT = "all", "without_hole"
"""Names of the two workspaces: trained on all rows, or without those in the hole."""
INSIDE, OUTSIDE = "in_hole", "outside"
"""Names of the two places that shapes are measured in."""

COLUMNS = WHOSE | {
    "hole_seed": Column("Int64", "of the hole and of the workspaces' training"),
    "hole": Column("string", "the two attributes and their ranges: class, px, degrees"),
    "trained_on": Column("string", "all: all rows; without_hole: those outside of the hole"),
    "place": Column("string", "of the shapes measured: in_hole or outside"),
    "route": Column("string", "source domain->target domain"),
    "read_by": Column("string", "reader: from the decoded picture's pixels; direct: from the decoded vector"),
    "quantity": Column("string", "class, position (Euclidean), rotation, size, colour (mean of the channels)"),
    "statistic": Column("string", "over the shapes: accuracy, mean, median or p90"),
    "unit": Column("string", "of value and bound_vae"),
    "value": Column("Float64", "what was measured"),
    "bound_vae": Column("Float64", "the same of the visual VAE's own reconstructions of these shapes"),
    "ratio_to_all": Column(
        "Float64", "error over that of the workspace trained on all rows; of an accuracy, what is missing to 100 %"
    ),
    "shapes": Column("Int64", "measured, none of them in the training data"),
    "rows": Column("Int64", "that the workspace was trained on"),
}


def hole_name(hole: Hole) -> str:
    """A hole in words: `size 9-11, rotation 350-110`."""
    return ", ".join(f"{kind} {_ranges(kind, axes)}" for kind, axes in hole.ranges.items())


def _ranges(kind: str, axes: tuple[tuple[float, float], ...]) -> str:
    if kind == "shape":
        ((first, last),) = axes
        return "/".join(SHAPE_NAMES[int(first) : int(last) + 1])
    # On a circle the range may go through 0; everywhere both ends belong to it.
    digits = 0 if kind in ROUND else 3
    return " x ".join(f"{round(low, digits):g}-{round(high, digits):g}" for low, high in axes)


def shapes_by_place(hole: Hole, rows: int, *stream: str | int) -> dict[str, Shapes]:
    """`rows` fresh shapes in the hole, and as many outside of it, from the random stream named by `stream`."""
    found: dict[str, list[Shapes]] = {INSIDE: [], OUTSIDE: []}
    count = dict.fromkeys(found, 0)
    part = 0
    while min(count.values()) < rows:
        drawn = fresh_shapes(4 * rows, *stream, part)
        inside = in_hole(drawn.attributes, hole)
        for place, here in ((INSIDE, inside), (OUTSIDE, ~inside)):
            chosen = drawn.take(np.flatnonzero(here)[: rows - count[place]])
            found[place].append(chosen)
            count[place] += len(chosen.raw)
        part += 1
    return {
        place: Shapes(
            np.concatenate([one.raw for one in parts]),
            np.concatenate([one.image for one in parts]),
            np.concatenate([one.attributes for one in parts]),
        )
        for place, parts in found.items()
    }


def hole_rows(
    hole: Hole, seed: int, shapes: Mapping[str, Shapes], trained: Trained, rows: Mapping[str, int]
) -> list[Row]:
    """Every measure of both translations, by both workspaces, in both places, as rows of the table.

    seed: of the hole. shapes: place → shapes. trained: its workspaces are called `ALL` and `WITHOUT`. rows: workspace →
    rows that it was trained on.
    """
    made: list[Row] = []
    for place, here in shapes.items():
        u = trained.encode(here.observations)
        own = summary(row_errors(trained.attributes(PICTURE, trained.decode(PICTURE, u[PICTURE])), here.raw))
        for route in TRANSLATIONS:
            found: dict[str, dict[Measure, float]] = {}
            for which in (ALL, WITHOUT):
                decoded = trained.follow(which, route, u)
                found[which] = summary(row_errors(trained.attributes(route.target, decoded), here.raw))
                for measure, value in found[which].items():
                    made.append(
                        {
                            "hole_seed": seed,
                            "hole": hole_name(hole),
                            "trained_on": which,
                            "place": place,
                            "route": route.name,
                            "read_by": READ_BY[route.target],
                            "quantity": measure.quantity,
                            "statistic": measure.statistic,
                            "unit": UNITS[measure.quantity],
                            "value": value,
                            "bound_vae": own[measure],
                            "ratio_to_all": _ratio(measure, value, found[ALL][measure]),
                            "shapes": len(here.raw),
                            "rows": rows[which],
                        }
                    )
    return made


def _ratio(measure: Measure, value: float, other: float) -> float | None:
    """None where one cannot divide: the other makes no error, and this one does."""
    return None if shortfall(measure, other) == 0 < shortfall(measure, value) else ratio(measure, value, other)
