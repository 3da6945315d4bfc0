"""Does a workspace degenerate without the contrastive loss? Subsets of the other losses, with it and without it.

Degeneration would show as few directions used, next to no variance, domains that do not meet, or translations that
explain nothing.
"""

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns
from gwpipe.studies.tidy import Column, Row

UNTRAINED = "none"

OTHERS: tuple[tuple[str, ...], ...] = (
    (),
    ("dcy",),
    ("tr",),
    ("cy",),
    ("fusion",),
    ("dcy", "cy"),
    ("dcy", "tr"),
    ("dcy", "tr", "cy", "fusion"),
)
"""None, each alone, the two that need no pairs, the two that go through the workspace once, and all."""

COLUMNS = columns(
    losses=Column("string", "minimised; none: random weights"),
    others=Column("string", "those of them that are not contrastive"),
    contrastive=Column("boolean", "is the contrastive loss among them?"),
)


def rows(material: Material) -> list[Row]:
    """Errors of all routes, alignment and fullness of each subset of the losses, and of random weights."""
    return material.measure(cells(material), lambda cell, workspace: material.everything(workspace))


def cells(material: Material) -> list[Cell]:
    """One a subset of the losses with the contrastive one and without it, and seed."""
    return [
        Cell(
            {
                "losses": "+".join(losses) or UNTRAINED,
                "others": "+".join(others) or UNTRAINED,
                "contrastive": "cont" in losses,
            },
            seed,
            {material.domains: all_rows(material.train)},
            losses_named(losses, material.settings.losses),
            material.domains,
            material.settings.workspace.dim,
        )
        for others in OTHERS
        for losses in (others, (*others, "cont"))
        for seed in material.settings.seeds
    ]
