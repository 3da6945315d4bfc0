"""What every study of small workspaces is given: latents, attributes, probes, VAEs, and how to train."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from torch import Tensor

from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run
from gwpipe.settings.study_stages import WorkspaceStudyStage
from gwpipe.studies.cells import Cell, train_cells
from gwpipe.studies.measures import alignment_rows, between_two, fullness_rows, round_trip_rows, translation_rows
from gwpipe.studies.probe import Probe, Raw, train_probes
from gwpipe.studies.tidy import Row
from gwpipe.workspace.groups import Group
from gwpipe.workspace.workspace import Workspace


@dataclass(frozen=True)
class Material:
    """Rows are aligned: row i of every domain's latents shows the shape of row i of the attributes."""

    settings: WorkspaceStudyStage
    train: Mapping[str, Tensor]
    """Domain → (N, latent)."""
    held_out: Mapping[str, Tensor]
    """The first row of each held-out episode: the rows that follow it show nearly the same shape, or the very same, and
    nothing could tell such twins apart."""
    raw: Raw
    """(N, 8), of the training rows."""
    held_out_raw: Raw
    episodes: npt.NDArray[np.int64]
    """(N,) number of each training row's episode, rising."""
    vaes: Mapping[str, Domain]
    """Domain → what encodes it, where the study encodes observations of its own."""
    run: Run
    """Of the trainings; `checkpoint` is a folder."""

    @property
    def domains(self) -> tuple[str, ...]:
        """In the order of their names."""
        return tuple(sorted(self.train))

    @cached_property
    def probes(self) -> dict[str, Probe]:
        """Readers of attributes in true latents, one a domain, trained when first asked for."""
        return train_probes(self.train, self.raw, self.settings.probe, self.settings.seed, self.run.label)

    def everything(self, workspace: Workspace, routes: Sequence[tuple[Group, str]] = ()) -> list[Row]:
        """All of `measures` on held-out rows: translations between two domains and along `routes`, and the rest."""
        u = {name: self.held_out[name] for name in workspace.domains}
        along = [*between_two(tuple(workspace.domains)), *routes]
        return [
            *translation_rows(workspace, u, along, self.probes, self.held_out_raw),
            *round_trip_rows(workspace, u),
            *alignment_rows(workspace, u, self.settings.candidates),
            *fullness_rows(workspace, u),
        ]

    def measure(self, cells: Sequence[Cell], measured: Callable[[Cell, Workspace], list[Row]]) -> list[Row]:
        """Train the cells, then every row that `measured` finds, with what tells its cell from the others."""
        trained = train_cells(cells, self.train, self.settings.workspace, self.run)
        return [
            {**cell.key, "workspace_seed": cell.seed, **row}
            for cell, workspace in zip(cells, trained)
            for row in measured(cell, workspace)
        ]
