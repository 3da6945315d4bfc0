"""How well a workspace translates, in units a person understands, between two bounds.

At best it is as good as a VAE's own reconstructions: the visual VAE's, wherever a picture is source or target. At worst
it is the constant predictor. What is read from pixels is read by the independent reader, whose
own error on true renderings stands beside.
"""

from typing import Any

import numpy.typing as npt

from gwpipe.studies.attribute_errors import UNITS, Measure, constant_predictor, row_errors, shortfall, summary
from gwpipe.studies.fresh_shapes import Shapes
from gwpipe.studies.routes import PICTURE, ROUTES, TRANSLATIONS, VECTOR
from gwpipe.studies.tidy import Row
from gwpipe.studies.trained import Trained

GOALS: dict[Measure, float] = {
    Measure("class", "accuracy"): 99.0,
    Measure("position", "mean"): 1.0,
    Measure("rotation", "median"): 10.0,
}
"""What a translation should reach: an accuracy at least this, an error below it."""
GOAL_RATIO = 1.5
"""… and an error at most this many times that of the visual VAE's own reconstructions."""
GOAL_KIND = "gw"
"""The kind of workspace that the goals are for; the CLIP-like one's decoders get no training."""

READ_BY = {PICTURE: "reader", VECTOR: "direct"}
"""Domain → what reads attributes out of its observations."""

Found = dict[Measure, float]


def translation_rows(shapes: Shapes, trained: Trained) -> list[Row]:
    """Every measure of every route through every workspace, with its bounds and goals, as rows of the table.

    Besides, as kinds of their own: `vae` (each VAE's reconstructions), `constant` and `reader` (true renderings).
    """
    u = trained.encode(shapes.observations)
    constant = constant_predictor(shapes.raw)

    def seen(name: str, observations: npt.NDArray[Any]) -> Found:
        return summary(row_errors(trained.attributes(name, observations), shapes.raw))

    own = seen(PICTURE, shapes.image)
    vaes = {name: seen(name, trained.decode(name, u[name])) for name in trained.domains}
    rows = _rows("reader", "", PICTURE, own) + _rows("constant", "", "", constant)
    for name, found in vaes.items():
        rows += _rows("vae", f"{name}->{name}", name, found)
    for kind in trained.workspaces:
        for route in ROUTES:
            # The picture is the narrower door: whoever goes through it is compared with it.
            bounds = vaes[PICTURE if PICTURE in route.domains else route.target]
            found = seen(route.target, trained.follow(kind, route, u))
            for row, (measure, value) in zip(_rows(kind, route.name, route.target, found), found.items()):
                row |= {
                    "bound_vae": bounds[measure],
                    "bound_constant": constant[measure],
                    "ratio": ratio(measure, value, bounds[measure]),
                }
                if route.target == PICTURE:
                    row["reader_error"] = own[measure]
                if kind == GOAL_KIND and route in TRANSLATIONS:
                    row |= _goals(measure, value, bounds[measure])
                rows.append(row)
    return [{**row, "rows": len(shapes.raw)} for row in rows]


def _rows(kind: str, route: str, target: str, found: Found) -> list[Row]:
    return [
        {
            "kind": kind,
            "route": route,
            "read_by": READ_BY.get(target, ""),
            "quantity": measure.quantity,
            "statistic": measure.statistic,
            "unit": UNITS[measure.quantity],
            "value": value,
        }
        for measure, value in found.items()
    ]


def ratio(measure: Measure, value: float, bound: float) -> float:
    """Error over the bound's error; of accuracies, what each lacks to 100 %. 1 where both are perfect."""
    error, least = shortfall(measure, value), shortfall(measure, bound)
    if least == 0:
        return 1.0 if error == 0 else float("inf")
    return error / least


def _goals(measure: Measure, value: float, bound: float) -> Row:
    """Goal and whether it is met, absolutely and beside the VAEs, where the measure has one."""
    if measure not in GOALS:
        return {}
    goal = GOALS[measure]
    met = value >= goal if measure.statistic == "accuracy" else value < goal
    return {
        "goal": goal,
        "goal_met": met,
        "goal_ratio": GOAL_RATIO,
        "ratio_met": ratio(measure, value, bound) <= GOAL_RATIO,
    }
