"""How wide must a workspace be? From two entries to many more than the latents have."""

from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import alignment_rows, columns, fullness_rows, round_trip_rows, translation_rows
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.objective import NAMES
from gwpipe.workspace.workspace import Workspace

COLUMNS = columns(
    dim=Column("Int64", "entries of the workspace"),
    latent=Column("Int64", "entries of the widest unimodal latent"),
)


def rows(material: Material) -> list[Row]:
    """Translations with attributes, demi-cycles and cycles, alignment, fullness."""
    domains, u = material.domains, material.held_out
    routes = [((x,), y) for x in domains for y in domains if x != y]

    def measured(cell: Cell, workspace: Workspace) -> list[Row]:
        return [
            *translation_rows(workspace, u, routes, material.probes, material.held_out_raw),
            *round_trip_rows(workspace, u),
            *alignment_rows(workspace, u, material.settings.candidates),
            *fullness_rows(workspace, u),
        ]

    return material.measure(cells(material), measured)


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
