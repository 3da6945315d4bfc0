"""A fixed linear map from the features of a frozen encoder to u: their principal components, each of unit variance."""

import torch
from torch import Tensor, nn

from gwpipe.errors import UserError

SMALLEST_SHARE = 1e-3
"""A component whose standard deviation is less than this share of the first one's is noise, and is not blown up."""


class Projection(nn.Module):
    """Features (B, features) to u (B, latent). Zero until `fit` has seen training features; kept with the weights."""

    centre: Tensor
    directions: Tensor

    def __init__(self, features: int, latent: int) -> None:
        super().__init__()
        if latent > features:
            raise UserError(f"a frozen encoder of {features} features cannot give a latent of {latent}")
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("directions", torch.zeros(features, latent))

    def fit(self, features: Tensor) -> None:
        """Take the principal components of training features (N, features)."""
        rows = features.double()
        centre = rows.mean(0)
        covariance = (rows - centre).T @ (rows - centre) / max(len(rows) - 1, 1)
        variances, vectors = torch.linalg.eigh(covariance)
        latent = self.directions.shape[1]
        spread = variances.clamp(min=0).sqrt().flip(0)[:latent]
        components = vectors.flip(1)[:, :latent]
        # An eigenvector's sign is the solver's choice: make its largest entry positive.
        largest = components.gather(0, components.abs().argmax(0, keepdim=True))
        components = components * torch.where(largest < 0, -1.0, 1.0)
        floor = (SMALLEST_SHARE * spread[0]).clamp(min=torch.finfo(torch.float32).tiny)
        self.centre.copy_(centre)
        self.directions.copy_(components / spread.clamp(min=floor))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.centre) @ self.directions
