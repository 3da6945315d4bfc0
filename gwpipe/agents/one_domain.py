"""A workspace that is shown one of its domains alone: what a policy is trained with before it acts on another."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.errors import UserError, nearest
from gwpipe.representations import Representation


class OneDomain(Representation):
    """z of one domain with all the weight, (1, 0) or (0, 1) of two; nothing else is encoded.

    `attend` turns it to another domain of the same workspace, whose z lies where that of the first did as far as the
    workspace has aligned both.
    """

    def __init__(self, whole: Representation, domain: str) -> None:
        """`whole`: over a workspace.

        Raises:
            UserError: it has no such domain.
        """
        super().__init__(whole.vaes)
        self.whole, self.dim, self.bounded, self.frozen = whole, whole.dim, whole.bounded, whole.frozen
        self.attend(domain)

    def attend(self, domain: str) -> None:
        """See this domain alone from now on.

        Raises:
            UserError: the workspace has no such domain.
        """
        if domain not in self.whole.domains:
            raise UserError(f"the workspace has no domain '{domain}'{nearest(domain, self.whole.domains)}")
        self.vaes = {domain: self.whole.vaes[domain]}
        self.domains = {domain: self.whole.domains[domain]}
        self.default_weights = self.whole.weights_of([domain])

    def fuse(self, u: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
        return self.whole.fuse(u, weights or self.default_weights)

    def decode(self, z: Tensor) -> dict[str, Tensor]:
        return self.whole.decode(z)

    def reconstruct(self, z: Tensor, domain: str) -> npt.NDArray[Any]:
        """Of any domain of the workspace, whichever is seen."""
        return self.whole.reconstruct(z, domain)

    def weights_of(self, domains: Iterable[str]) -> dict[str, float]:
        return self.whole.weights_of(domains)

    def to(self, device: str | torch.device) -> "OneDomain":
        self.whole.to(device)
        return self
