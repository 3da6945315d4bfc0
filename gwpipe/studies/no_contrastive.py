"""Does a workspace degenerate without the contrastive loss? All subsets of the losses, with it and without it.

Degeneration would show as few directions used, domains that do not meet, or translations that explain nothing.
"""

from collections.abc import Iterator
from itertools import combinations

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.objective import NAMES

UNTRAINED = "none"

COLUMNS = columns(
    losses=Column("string", "minimised; none: random weights"),
    others=Column("string", "those of them that are not contrastive"),
    contrastive=Column("boolean", "is the contrastive loss among them?"),
)


def rows(material: Material) -> list[Row]:
    """Errors of all routes, alignment and fullness of each subset of the losses, and of random weights."""
    return material.measure(cells(material), lambda cell, workspace: material.everything(workspace))


def cells(material: Material) -> list[Cell]:
    """One a subset of the losses, the empty one included, and seed."""
    return [
        Cell(
            {
                "losses": "+".join(losses) or UNTRAINED,
                "others": "+".join(name for name in losses if name != "cont") or UNTRAINED,
                "contrastive": "cont" in losses,
            },
            seed,
            {material.domains: all_rows(material.train)},
            losses_named(losses, material.settings.losses),
            material.domains,
            material.settings.workspace.dim,
        )
        for losses in loss_subsets()
        for seed in material.settings.seeds
    ]


def loss_subsets() -> Iterator[tuple[str, ...]]:
    """Every subset of the five losses, the empty one first."""
    for size in range(len(NAMES) + 1):
        yield from combinations(NAMES, size)
