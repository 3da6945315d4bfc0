"""Does alignment get harder with more domains? Every set of two, three and four, and the same pairs in each.

All rows show all domains of a set. A pair of domains is found alone, with one more and with two more beside it.
"""

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.groups import Group, complement, subsets
from gwpipe.workspace.objective import NAMES

COLUMNS = columns(
    domains=Column("string", "of the workspace"),
    count=Column("Int64", "of its domains"),
)


def rows(material: Material) -> list[Row]:
    """Translations between two domains and from all others to one, with attributes; alignment; fullness."""
    return material.measure(
        cells(material), lambda cell, workspace: material.everything(workspace, _from_all_others(cell.domains))
    )


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


def _from_all_others(domains: Group) -> list[tuple[Group, str]]:
    return [(complement(domains, (y,)), y) for y in domains if len(domains) > 2]
