"""How many pairs does a workspace need? Test loss against the number of paired rows, for five sets of losses.

All other rows show one domain each: they train the demi-cycles and cycles of the sets that have them, and nothing else.
"""

import math
from collections.abc import Sequence
from statistics import mean
from typing import Literal

from gwpipe.data.pairing import Index, groups_of
from gwpipe.settings.representation import PairingSettings
from gwpipe.studies.cells import Cell, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns, number
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.groups import Group

LOSS_SETS = {
    "tr": ("tr",),
    "tr+cont": ("tr", "cont"),
    "tr+cont+dcy+cy": ("tr", "cont", "dcy", "cy"),
    "all": ("tr", "cont", "dcy", "cy", "fusion"),
    "cont": ("cont",),
}
FULL = "all"
COMPARED = {"translation": "translation_unexplained", "cycle": "cycle_unexplained"}
"""What pairs are counted for → the metric, whose mean over its routes is compared."""

COLUMNS = columns(
    losses=Column("string", "minimised"),
    pairs=Column("Int64", "paired rows; every row shows each domain alone besides"),
    ratio_is=Column("string", "of a data ratio: equal, at_least or at_most the value"),
)

Bound = Literal["equal", "at_least", "at_most"]


def rows(material: Material) -> list[Row]:
    """All that is measured on each cell, then how many times fewer pairs `all` needs."""
    made = material.measure(cells(material), lambda cell, workspace: material.everything(workspace))
    return made + ratio_rows(made)


def cells(material: Material) -> list[Cell]:
    """One a set of losses, number of pairs and seed."""
    total = len(material.raw)
    counts = [count for count in material.settings.grid if count < total] + [total]
    return [
        Cell(
            {"losses": name, "pairs": count},
            seed,
            _groups(material.domains, total, count, seed, semi_supervised=bool({"dcy", "cy"} & set(losses))),
            losses_named(losses, material.settings.losses),
            material.domains,
            material.settings.workspace.dim,
        )
        for name, losses in LOSS_SETS.items()
        for count in counts
        for seed in material.settings.seeds
    ]


def _groups(domains: Group, total: int, pairs: int, seed: int, semi_supervised: bool) -> dict[Group, Index]:
    amounts = {"+".join(domains): float(pairs)}
    if semi_supervised:
        amounts |= dict.fromkeys(domains, 1.0)
    drawn = groups_of(total, PairingSettings(amounts=amounts), seed)
    return {tuple(sorted(names)): index for names, index in drawn.items()}


def ratio_rows(measured: Sequence[Row]) -> list[Row]:
    """For each other set of losses and number of pairs: how many times fewer pairs `all` needs for an equal loss."""
    made: list[Row] = []
    for what, metric in COMPARED.items():
        curves: dict[str, dict[int, list[float]]] = {}
        for row in measured:
            if row["metric"] == metric:
                curves.setdefault(row["losses"], {}).setdefault(row["pairs"], []).append(row["value"])
        means = {name: {count: mean(values) for count, values in of.items()} for name, of in curves.items()}
        full = means[FULL]
        for name, curve in means.items():
            for count, level in curve.items() if name != FULL else ():
                needed, how = pairs_needed(list(full), list(full.values()), level)
                made.append(
                    {
                        **number(f"data_ratio_{what}", count / needed, unit="times fewer pairs"),
                        "losses": name,
                        "pairs": count,
                        "ratio_is": how,
                    }
                )
    return made


def pairs_needed(counts: Sequence[int], losses: Sequence[float], level: float) -> tuple[float, Bound]:
    """The fewest pairs with which a loss is as low as `level`, and what their reciprocal is a bound of.

    counts: rising. losses: at these. Between two of them both are taken to change by the same factor along the way.
    Where the first is low enough, fewer may do (`at_least`); where none is, more are needed (`at_most`).
    """
    if losses[0] <= level:
        return counts[0], "at_least"
    for (few, high), (many, low) in zip(zip(counts, losses), zip(counts[1:], losses[1:])):
        if low <= level:
            along = math.log(high / level) / math.log(high / low)
            return few * (many / few) ** along, "equal"
    return counts[-1], "at_most"
