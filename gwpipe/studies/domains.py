"""Does alignment get harder with more domains? Every set of two, three and four, and the same pairs in each.

All rows show all domains of a set. A pair of domains is found alone, with one more and with two more beside it.
"""

from itertools import permutations

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import alignment_rows, columns, fullness_rows, round_trip_rows, translation_rows
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.groups import Group, complement, subsets
from gwpipe.workspace.objective import NAMES
from gwpipe.workspace.workspace import Workspace

COLUMNS = columns(
    domains=Column("string", "of the workspace"),
    count=Column("Int64", "of its domains"),
)


def rows(material: Material) -> list[Row]:
    """Translations between two domains and from all others to one, with attributes; alignment; fullness."""

    def measured(cell: Cell, workspace: Workspace) -> list[Row]:
        u = {name: material.held_out[name] for name in cell.domains}
        return [
            *translation_rows(workspace, u, _routes(cell.domains), material.probes, material.held_out_raw),
            *round_trip_rows(workspace, u),
            *alignment_rows(workspace, u, material.settings.candidates),
            *fullness_rows(workspace, u),
        ]

    return material.measure(cells(material), measured)


def cells(material: Material) -> list[Cell]:
    """One a set of at least two domains, and seed."""
    return [
        Cell(
            {"domains": "+".join(domains), "count": len(domains)},
            seed,
            {domains: all_rows(material.train)},
            losses_named(NAMES, material.settings.losses),
            domains,
            material.settings.workspace.dim,
        )
        for domains in subsets(material.domains)
        if len(domains) > 1
        for seed in material.settings.seeds
    ]


def _routes(domains: Group) -> list[tuple[Group, str]]:
    single: list[tuple[Group, str]] = [((x,), y) for x, y in permutations(domains, 2)]
    return single + [(complement(domains, (y,)), y) for y in domains if len(domains) > 2]
