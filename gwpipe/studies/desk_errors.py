"""How well RoboDesk's states and pictures come through a representation: errors in metres, radians and levels."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gwpipe.envs.robodesk import ATTRIBUTE_SLICES
from gwpipe.studies.quality_report import number, table
from gwpipe.studies.routes import PICTURE, ROUTES, VECTOR
from gwpipe.studies.tidy import WHOSE, Column, Row
from gwpipe.studies.trained import Modules

Numbers = npt.NDArray[np.float64]

COLUMNS = {
    "env": WHOSE["env"],
    "kind": Column("string", "gw: the workspace; vae: a VAE's own reconstructions; constant: always the mean"),
    "route": Column("string", "source domains->target domain"),
    "quantity": Column("string", "what of the desk, or the picture"),
    "statistic": Column("string", "over the rows: mean, median or p90"),
    "unit": Column("string", "of value and the bounds"),
    "value": Column("Float64", "error"),
    "bound_vae": Column("Float64", "the same of the own reconstructions of the target's VAE"),
    "bound_constant": Column("Float64", "the same of the mean over the measured rows"),
    "rows": Column("Int64", "held-out rows measured on"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}
"""Columns of `desk_quality.csv`."""

_OBJECTS = ATTRIBUTE_SLICES["qpos_objects"].start
PLACES = {"ball": _OBJECTS + 8, "upright block": _OBJECTS + 15, "flat block": _OBJECTS + 22}
"""Object → where its position (3, m) begins in `attributes`; its quaternion follows."""
STATISTICS: dict[str, Callable[[Numbers], Any]] = {
    "mean": np.mean,
    "median": np.median,
    "p90": lambda errors: np.quantile(errors, 0.9),
}


def errors(found: npt.NDArray[Any], true: npt.NDArray[Any]) -> dict[tuple[str, str], Numbers]:
    """(quantity, unit) → error (N,) of attribute vectors (N, 76)."""
    found, true = found.astype(np.float64), true.astype(np.float64)
    robot, hand = ATTRIBUTE_SLICES["qpos_robot"], ATTRIBUTE_SLICES["end_effector"]
    off = np.abs(found - true)
    measured = {
        ("joint angles, mean of 7", "rad"): off[:, robot][:, :7].mean(1),
        ("fingers, mean of 2", "m"): off[:, robot][:, 7:].mean(1),
        ("end effector", "m"): np.linalg.norm(found[:, hand] - true[:, hand], axis=1),
        ("drawer", "m"): off[:, _OBJECTS],
        ("slide", "m"): off[:, _OBJECTS + 1],
        ("buttons, mean of 3", "m"): off[:, _OBJECTS + 2 : _OBJECTS + 5].mean(1),
    }
    for name, first in PLACES.items():
        place = slice(first, first + 3)
        measured[name, "m"] = np.linalg.norm(found[:, place] - true[:, place], axis=1)
    for name in ("upright block", "flat block"):  # the ball looks the same from all sides
        turn = slice(PLACES[name] + 3, PLACES[name] + 7)
        measured[f"{name}, turn", "rad"] = turned(found[:, turn], true[:, turn])
    return measured


def turned(one: Numbers, other: Numbers) -> Numbers:
    """(N,) angle in rad between quaternions (N, 4), of any length but 0."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine = np.abs((one * other).sum(1)) / np.maximum(lengths, 1e-12)
    return np.asarray(2 * np.arccos(np.clip(cosine, 0, 1)))


def picture_error(found: npt.NDArray[np.uint8], true: npt.NDArray[np.uint8]) -> dict[tuple[str, str], Numbers]:
    """The same of pictures (N, H, W, 3): mean absolute difference."""
    off = np.abs(found.astype(np.float32) - true.astype(np.float32)).mean((1, 2, 3))
    return {("picture", "levels of 255"): off.astype(np.float64)}


def desk_rows(observations: Mapping[str, npt.NDArray[Any]], modules: Modules) -> Iterator[Row]:
    """One row a route, quantity and statistic (`COLUMNS`), of observations (N, …) of both domains."""
    u = modules.encode(observations)
    compare = {PICTURE: picture_error, VECTOR: errors}
    true = {name: observations[modules.domains[name].observation] for name in compare}
    bounds: dict[str, dict[str, dict[tuple[str, str], Numbers]]] = {"vae": {}, "constant": {}}
    for name, measure in compare.items():
        bounds["vae"][name] = measure(modules.decode(name, u[name]), true[name])
        mean = true[name].mean(0, keepdims=True, dtype=np.float64)
        constant = np.broadcast_to(mean.astype(true[name].dtype), true[name].shape)
        bounds["constant"][name] = measure(constant, true[name])
    for kind, of_kind in bounds.items():
        for name, found in of_kind.items():
            route = f"{name}->{name}" if kind == "vae" else f"->{name}"
            yield from _rows(kind, route, found, {other: bounds[other][name] for other in bounds})
    for kind in modules.workspaces:
        for way in ROUTES:
            found = compare[way.target](modules.follow(kind, way, u), true[way.target])
            yield from _rows(kind, way.name, found, {other: bounds[other][way.target] for other in bounds})


def _rows(
    kind: str,
    route: str,
    found: Mapping[tuple[str, str], Numbers],
    bounds: Mapping[str, Mapping[tuple[str, str], Numbers]],
) -> Iterator[Row]:
    for (quantity, unit), off in found.items():
        for statistic, of in STATISTICS.items():
            yield {
                "kind": kind,
                "route": route,
                "quantity": quantity,
                "statistic": statistic,
                "unit": unit,
                "value": float(of(off)),
                "bound_vae": float(of(bounds["vae"][quantity, unit])),
                "bound_constant": float(of(bounds["constant"][quantity, unit])),
                "rows": len(off),
            }


LEGEND = """\
- Errors are medians over the rows, 90th percentiles in brackets. *own VAE*: what the target's VAE loses alone.
  *constant*: always the mean of these rows.
- Rows are held-out observations of all data sets, spread evenly; the workspace and the VAEs have not seen them."""


def desk_markdown(frame: pd.DataFrame) -> str:
    """The table as a person would want to read it: a line a quantity, a column a route."""
    head, rows = frame.iloc[0], frame["rows"].max()
    through = frame[frame["kind"] == "gw"]
    parts = [
        "# What comes through RoboDesk's representation",
        "",
        f"Scale **{head['scale']}**, seed {head['seed']} of the representation; {rows:,} held-out rows.",
    ]
    for target, title in ((VECTOR, "Attributes"), (PICTURE, "Pictures")):
        found = through[through["route"].str.endswith(f"->{target}")]
        routes = list(dict.fromkeys(found["route"]))
        body = []
        for (quantity, unit), lines in found.groupby(["quantity", "unit"], sort=False):
            cells = [_median(lines[lines["route"] == route], "value") for route in routes]
            bounds = [_median(lines[lines["route"] == routes[0]], f"bound_{name}") for name in ("vae", "constant")]
            body.append([f"{quantity} ({unit})", *cells, *bounds])
        parts += ["", f"## {title}", "", *table(["", *routes, "own VAE", "constant"], body)]
    return "\n".join([*parts, "", LEGEND]) + "\n"


def _median(lines: pd.DataFrame, column: str) -> str:
    by = lines.set_index("statistic")[column]
    return f"{number(by['median'])} ({number(by['p90'])})"
