"""The contract of a domain. A new one is a file with a subclass of `Domain` and a line in `catalogue`."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class Domain(nn.Module, ABC):
    """A VAE between observations of one modality and its unimodal latent u.

    Three forms of the same thing: an observation as the environment gives it (NumPy, batch first), the network's input
    x (float tensor), and the decoder's output, which `reconstruction_loss` compares with x and `observations` turns
    back into observations.
    """

    observation: str
    """Key of the environment's observation dictionary that this domain reads."""
    latent: int
    """Width of u."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Keyword arguments (plain numbers and strings) that build the same module again."""

    @abstractmethod
    def inputs(self, observations: Tensor) -> Tensor:
        """Observations (B, …), in the environment's type, to the network's input x (B, …), float32."""

    @abstractmethod
    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(u | x), each (B, latent)."""

    @abstractmethod
    def decode(self, u: Tensor) -> Tensor:
        """Latents (B, latent) to the decoder's output (B, …)."""

    @abstractmethod
    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """−log p(x | u) up to a constant, summed over an observation's entries, mean over the batch: a scalar."""

    @abstractmethod
    def observations(self, decoded: Tensor) -> npt.NDArray[Any]:
        """The decoder's output as observations (B, …), in the environment's type."""

    def fit_to(self, observations: npt.NDArray[Any]) -> None:
        """Adapt what is not learnt by gradient (scales) to the training observations (N, …), once, before training."""

    @torch.no_grad()
    def encode(self, observations: npt.NDArray[Any]) -> Tensor:
        """Observations (B, …) to u (B, latent): the posterior mean, without gradient.

        Raises:
            RuntimeError: the module is in training mode, where batch norm would mix the batch into each latent.
        """
        if self.training:
            raise RuntimeError("a domain encodes in evaluation mode only: call eval() first")
        x = self.inputs(torch.as_tensor(np.ascontiguousarray(observations), device=next(self.parameters()).device))
        mean, _ = self.posterior(x)
        return mean
