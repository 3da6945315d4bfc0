"""How wide must a workspace be? From two entries to many more than the latents have."""

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.objective import NAMES

COLUMNS = columns(
    dim=Column("Int64", "entries of the workspace"),
    latent=Column("Int64", "entries of the widest unimodal latent"),
)


def rows(material: Material) -> list[Row]:
    """Translations with attributes, demi-cycles and cycles, alignment, fullness."""
    return material.measure(cells(material), lambda cell, workspace: material.everything(workspace))


def cells(material: Material) -> list[Cell]:
    """One a width and seed."""
    latent = max(u.shape[1] for u in material.train.values())
    return [
        Cell(
            {"dim": dim, "latent": latent},
            seed,
            {material.domains: all_rows(material.train)},
            losses_named(NAMES, material.settings.losses),
            material.domains,
            dim,
        )
        for dim in material.settings.grid
        for seed in material.settings.seeds
    ]
