"""A trained representation to be measured: its VAEs and workspaces; on Simple Shapes the reader of its pictures too."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.catalogue import load_domain
from gwpipe.domains.domain import Domain
from gwpipe.envs.simple_shapes import denormalise
from gwpipe.errors import UserError
from gwpipe.studies.reader import Reader, load_reader
from gwpipe.studies.routes import PICTURE, Route
from gwpipe.workspace.workspace import Workspace, load_workspace

BATCH = 500
"""Rows that go through a VAE at a time."""


@dataclass(frozen=True)
class Modules:
    """All frozen and in evaluation mode."""

    domains: Mapping[str, Domain]
    """`v` and `attr`."""
    workspaces: Mapping[str, Workspace]
    """Kind → workspace over at least these two domains."""

    def encode(self, observations: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
        """Unimodal latents u (N, latent) of every domain; observations as the environment gives them, batch first."""
        return {
            name: torch.cat([domain.encode(rows[k : k + BATCH]) for k in range(0, len(rows), BATCH)])
            for name, domain in self.domains.items()
            for rows in [observations[domain.observation]]
        }

    @torch.no_grad()
    def decode(self, name: str, u: Tensor) -> npt.NDArray[Any]:
        """Observations (N, …) that the VAE of a domain decodes from latents (N, latent)."""
        domain = self.domains[name]
        return np.concatenate([domain.observations(domain.decode(part)) for part in u.split(BATCH)])

    @torch.no_grad()
    def follow(self, kind: str, route: Route, u: Mapping[str, Tensor]) -> npt.NDArray[Any]:
        """Observations (N, …) of the route's target, decoded from the state that its sources make in a workspace."""
        workspace = self.workspaces[kind]
        state = workspace.fuse({name: u[name] for name in route.weights}, route.weights)
        return self.decode(route.target, workspace.decode(state)[route.target])


@dataclass(frozen=True)
class Trained(Modules):
    """The same of Simple Shapes, with eyes."""

    reader: Reader

    def attributes(self, name: str, observations: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Raw attributes (N, 8), as in `fresh_shapes`: of pictures read from their pixels, of vectors directly."""
        return self.reader.read(observations) if name == PICTURE else denormalise(observations)


def load_trained(vaes: Mapping[str, Path], workspaces: Mapping[str, Path], reader: Path) -> Trained:
    """`load_modules`, and the reader of their pictures."""
    return Trained(**vars(load_modules(vaes, workspaces)), reader=load_reader(reader))


def load_modules(vaes: Mapping[str, Path], workspaces: Mapping[str, Path]) -> Modules:
    """vaes: domain → weights; workspaces: kind → weights.

    Raises:
        UserError: a file is missing or damaged, or a workspace was not trained on latents like these.
    """
    domains = {name: load_domain(path) for name, path in vaes.items()}
    loaded = {kind: load_workspace(path, vaes)[0] for kind, path in workspaces.items()}
    for kind, workspace in loaded.items():
        if any(workspace.domains.get(name) != domain.latent for name, domain in domains.items()):
            widths = {name: domain.latent for name, domain in domains.items()}
            raise UserError(
                f"workspace {workspaces[kind]} takes latents {workspace.domains}, but the VAEs give {widths}; "
                "train it anew"
            )
    return Modules(domains, loaded)
