"""Representations: all that agents know of observations.

A representation encodes what an environment shows into unimodal latents u, one a domain, and fuses them into the z that
agents act on; fusing again with other weights needs no observation. A new representation is a subclass here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.catalogue import load_domain
from gwpipe.domains.domain import Domain
from gwpipe.errors import UserError
from gwpipe.workspace.fusion import equal_weights
from gwpipe.workspace.selection.registry import load_selection
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace, load_workspace


class Representation(ABC):
    """Frozen VAEs and what fuses their latents."""

    dim: int
    """Width of z."""
    bounded: bool
    """Does every entry of z lie in [−1, 1]? Then a world model may end in tanh."""
    default_weights: dict[str, float]
    """Fusion weights α that agents use when none are given."""
    frozen = True
    """Does z of the same u stay the same for the whole training? Then it may be kept in replay."""

    def __init__(self, vaes: Mapping[str, Domain]) -> None:
        self.vaes = {name: vae.eval().requires_grad_(False) for name, vae in vaes.items()}
        self.domains = {name: vae.latent for name, vae in vaes.items()}
        """Domain → width of its unimodal latent."""

    def encode(self, observations: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
        """Observations, batch first, to u (B, latent) of every domain whose observation is there.

        observations: as the environment gives them: `image` (B, H, W, 3) uint8, `attributes` (B, A) float32. No
        gradient; the only place where a VAE runs during an agent's training.
        """
        return {
            name: vae.encode(observations[vae.observation])
            for name, vae in self.vaes.items()
            if vae.observation in observations
        }

    @abstractmethod
    def fuse(self, u: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
        """Latents (B, latent) to z (B, dim).

        weights: domain → α, `default_weights` when absent. A domain of weight 0, or not named, has no influence on z
        and may be missing in `u`.
        """

    @abstractmethod
    def weights_of(self, domains: Iterable[str]) -> dict[str, float]:
        """Fusion weights when these domains alone take part."""

    @abstractmethod
    def decode(self, z: Tensor) -> dict[str, Tensor]:
        """Latents u (B, latent) that z (B, dim) stands for, of every domain that the representation knows.

        Of a workspace whose decoders got no training, as the CLIP-like one's, they mean nothing.
        """

    def reconstruct(self, z: Tensor, domain: str) -> npt.NDArray[Any]:
        """What z (B, dim) shows of a domain: observations (B, …), as its VAE sees them (`Domain.prepare`)."""
        vae = self.vaes[domain]
        return vae.observations(vae.decode(self.decode(z)[domain]))

    def to(self, device: str | torch.device) -> "Representation":
        """Move all networks to `device`; returns itself."""
        for vae in self.vaes.values():
            vae.to(device)
        return self


class GlobalWorkspace(Representation):
    """z = tanh(Σ α_d e_d(u_d)) (Sect. II-A): the workspace of kind gw, or clip, which has the same form.

    In place of tanh stands the activation that the workspace was built with.

    With `standardised`, z less its mean, over its standard deviation, entry by entry, as measured at the end of the
    workspace's training. A workspace may settle in a small part of [−1, 1], where one pixel is a few hundredths.

    With a `selection`, the workspace chooses its weights itself wherever none are given; without one they are equal.
    """

    def __init__(
        self,
        vaes: Mapping[str, Domain],
        workspace: Workspace,
        standardised: bool = False,
        selection: Selection | None = None,
    ) -> None:
        super().__init__({name: vaes[name] for name in workspace.domains})
        self.workspace = workspace.eval().requires_grad_(False)
        self.selection = None if selection is None else selection.eval().requires_grad_(False)
        self.dim, self.standardised = workspace.dim, standardised
        self.bounded = workspace.bounded and not standardised
        self.default_weights = self.weights_of(self.domains)

    def fuse(self, u: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
        z = self.workspace.fuse(u, weights or self.selection or self.default_weights)
        if not self.standardised:
            return z
        return (z - self.workspace.get_buffer("z_centre")) / self.workspace.get_buffer("z_scale")

    def decode(self, z: Tensor) -> dict[str, Tensor]:
        if self.standardised:
            z = z * self.workspace.get_buffer("z_scale") + self.workspace.get_buffer("z_centre")
        return self.workspace.decode(z)

    def weights_of(self, domains: Iterable[str]) -> dict[str, float]:
        return equal_weights(dict.fromkeys(domains))

    def to(self, device: str | torch.device) -> "GlobalWorkspace":
        super().to(device)
        self.workspace.to(device)
        if self.selection is not None:
            self.selection.to(device)
        return self


class LearningWorkspace(GlobalWorkspace):
    """A workspace that is trained along with the agent: z of the same u changes, so replay keeps u alone."""

    frozen = False

    def __init__(self, vaes: Mapping[str, Domain], workspace: Workspace, standardised: bool = False) -> None:
        super().__init__(vaes, workspace, standardised)
        self.workspace.train().requires_grad_(True)


class ConcatenatedVAEs(Representation):
    """z = the latents side by side, each times its weight: 1 by default, 0 blanks a domain."""

    bounded = False

    def __init__(self, vaes: Mapping[str, Domain]) -> None:
        super().__init__(vaes)
        self.dim = sum(self.domains.values())
        self.default_weights = self.weights_of(self.domains)

    def weights_of(self, domains: Iterable[str]) -> dict[str, float]:
        return dict.fromkeys(domains, 1.0)

    def fuse(self, u: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
        chosen = self.default_weights if weights is None else weights
        batch = next(iter(u.values()))
        blocks = []
        for name, latent in self.domains.items():
            weight = chosen.get(name, 0.0)
            blocks.append(weight * u[name] if weight else batch.new_zeros(len(batch), latent))
        return torch.cat(blocks, dim=-1)

    def decode(self, z: Tensor) -> dict[str, Tensor]:
        """The blocks of z, as all weights 1 made them."""
        return dict(zip(self.domains, z.split(list(self.domains.values()), dim=-1)))


def load_representation(
    vaes: Mapping[str, Path],
    workspace: Path | None = None,
    standardised: bool = False,
    selection: Path | None = None,
) -> Representation:
    """A trained representation: over a workspace where one is named, else the concatenated VAEs.

    vaes: domain → weights. workspace: weights of kind gw or clip. standardised: of a workspace's z; the latents of a
    β-VAE have about unit variance by their prior. selection: what chooses a workspace's fusion weights.

    Raises:
        UserError: a file is missing or damaged, or the workspace was not trained on latents like these, or the
            selection not on such a workspace.
    """
    domains = {name: load_domain(path) for name, path in vaes.items()}
    if workspace is None and selection is not None:
        raise UserError(f"selection {selection} chooses the weights of a workspace, but no workspace is named")
    if workspace is None:
        return ConcatenatedVAEs(domains)
    module, _ = load_workspace(workspace, vaes)
    widths = {name: domain.latent for name, domain in domains.items()}
    if any(widths.get(name) != latent for name, latent in module.domains.items()):
        raise UserError(
            f"workspace {workspace} takes latents {module.domains}, but the VAEs give {widths}; train it anew"
        )
    chosen = None if selection is None else load_selection(selection)
    if chosen is not None and not chosen.fits(module.domains, module.dim, module.activation):
        raise UserError(f"selection {selection} was not trained on a workspace like {workspace}; train it anew")
    return GlobalWorkspace(domains, module, standardised, chosen)
