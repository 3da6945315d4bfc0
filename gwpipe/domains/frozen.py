"""What the domains over a frozen pretrained encoder share: u are principal components of its features."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.domain import Domain
from gwpipe.domains.projection import Projection

_FITTED_ROWS, _ROWS_AT_ONCE = 4096, 256


class FrozenEncoder(Domain):
    """u is the first principal components of the encoder's features over training rows, each of unit variance.

    A subclass sets the modules below and says what features are, and, where there is a decoder, its loss and what its
    output stands for.
    """

    encoder: nn.Module
    """Never trained, always in evaluation mode."""
    projection: Projection
    decoder: nn.Module | None
    """u to its output; None where the domain only encodes."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """What the encoder makes of inputs x (B, …), without gradient: (B, F)."""

    def train(self, mode: bool = True) -> Self:
        """Training mode for the decoder alone."""
        super().train(mode)
        self.encoder.eval()
        return self

    def fit_to(self, prepared: npt.NDArray[Any]) -> None:
        """Take the principal components from the features of prepared training rows (N, …)."""
        chosen = prepared[np.linspace(0, len(prepared) - 1, min(len(prepared), _FITTED_ROWS)).astype(int)]
        parts = np.array_split(chosen, -(-len(chosen) // _ROWS_AT_ONCE))
        self.projection.fit(torch.cat([self.features(self.inputs(self.tensor(part))) for part in parts]))

    def represent(self, x: Tensor) -> Tensor:
        return self.projection(self.features(x))

    def decode(self, u: Tensor) -> Tensor:
        return super().decode(u) if self.decoder is None else self.decoder(u)
