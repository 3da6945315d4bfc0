"""What the environments show and take, and the modules that fit, on the meta device: shapes without numbers."""

from dataclasses import dataclass

import gymnasium
import numpy as np
import torch

from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.domain import Domain
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.representation import DomainName, VAESettings, WorkspaceSettings
from gwpipe.workspace.workspace import Workspace, build_workspace


@dataclass(frozen=True)
class Shapes:
    """What an environment shows and takes: observations without their batch axis, as the environment gives them."""

    observations: dict[str, tuple[tuple[int, ...], torch.dtype]]
    actions: gymnasium.Space

    @property
    def resolution(self) -> int:
        return self.observations["image"][0][0]

    @property
    def vector(self) -> int:
        return self.observations["attributes"][0][0]


SHAPES: dict[EnvironmentName, Shapes] = {
    "simple_shapes": Shapes(
        {"image": ((32, 32, 3), torch.uint8), "attributes": ((11,), torch.float32)}, gymnasium.spaces.Discrete(7)
    ),
    "robodesk": Shapes(
        {"image": ((64, 64, 3), torch.uint8), "attributes": ((76,), torch.float32)},
        gymnasium.spaces.Box(-1.0, 1.0, (5,), np.float32),
    ),
}
"""Written down so that counting starts no simulator."""


def meta_domain(env: EnvironmentName, name: DomainName, settings: VAESettings) -> Domain:
    """A VAE of an environment on the meta device."""
    with torch.device("meta"):
        return make_domain(env, name, settings)


def meta_workspace(settings: WorkspaceSettings, latents: dict[str, int]) -> Workspace:
    """The workspace between latents of these widths (domain → width) on the meta device."""
    with torch.device("meta"):
        return build_workspace(latents, settings)
