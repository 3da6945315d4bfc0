"""Attributes without an encoder: the latent is the vector itself."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.attributes import SMALLEST_SCALE
from gwpipe.domains.domain import Domain
from gwpipe.errors import UserError


class PlainAttributes(Domain):
    """A vector of attributes (B, A) as its own latent: each entry less its mean, over its standard deviation.

    What a workspace loses is then its own loss alone, and in a workspace without hidden layers the whole way from
    attributes to state is linear. Nothing is learnt by gradient; mean and deviation are those of the training data.

    Args:
        latent: width of the environment's vector, A.
        width: has no meaning here.
    """

    observation = "attributes"
    centre: Tensor
    scale: Tensor

    def __init__(self, latent: int, width: float = 1.0) -> None:
        super().__init__()
        self.latent, self.width = latent, width
        self.register_buffer("centre", torch.zeros(latent))
        self.register_buffer("scale", torch.ones(latent))

    def describe(self) -> dict[str, Any]:
        return {"kind": "plain_attributes", "latent": self.latent, "width": self.width}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(B, A), as it is.

        Raises:
            UserError: the vector is not as wide as the latent.
        """
        if observations.shape[1] != self.latent:
            raise UserError(
                f"plain attributes are their own latent: set `latent` to {observations.shape[1]}, not {self.latent}"
            )
        return observations

    def fit_to(self, prepared: npt.NDArray[Any]) -> None:
        """Take the standardisation from training vectors (N, A)."""
        rows = prepared.astype(np.float64)
        self.centre.copy_(torch.from_numpy(rows.mean(0)))
        self.scale.copy_(torch.from_numpy(rows.std(0).clip(min=SMALLEST_SCALE)))

    def inputs(self, prepared: Tensor) -> Tensor:
        return (prepared.float() - self.centre) / self.scale

    def represent(self, x: Tensor) -> Tensor:
        return x

    def decode(self, u: Tensor) -> Tensor:
        return u

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Gaussian negative log-likelihood with σ = 1 standard deviation, without its constant."""
        return 0.5 * (decoded.float() - x).square().sum(1).mean()

    def observations(self, decoded: Tensor) -> npt.NDArray[np.float32]:
        return (decoded.detach().float() * self.scale + self.centre).cpu().numpy()
