"""The contract of a domain: encode, decode, a reconstruction loss and the width of its latent.

A new one is a file with a subclass of `Domain` (or of `VAE`) and a line in `gwpipe.settings.domains`;
docs/adding-a-domain.md has a whole example, and `gwpipe.domains.conformance` checks what is promised here.
"""

from abc import ABC, abstractmethod
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.errors import UserError


class Domain(nn.Module, ABC):
    """What turns observations of one modality into a unimodal latent u and, where it can decode, u into observations.

    Four forms of the same thing, batch first in all:

    1. the observation as the environment gives it (NumPy);
    2. what this domain sees of it (NumPy): `prepare` makes it, once for a whole data set;
    3. the network's input x (tensor): `inputs` makes it, batch by batch;
    4. the decoder's output (tensor), which `reconstruction_loss` compares with x and `observations` turns into 2.

    A constructor takes at least `latent` and `width` by keyword, and whatever `describe` gives.
    """

    observation: str
    """Key of the environment's observation dictionary that this domain reads."""
    latent: int
    """Width of u."""
    can_decode: bool = True
    """Is there a way back? An encoder-only domain says False and leaves `decode`, `reconstruction_loss` and
    `observations` as they are: they refuse."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """`kind`, and the keyword arguments (JSON data) that build the same module again."""

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What this domain sees of observations (B, …), in a type that is cheap to keep; a row at a time.

        Everything, unless overridden. For work that needs NumPy or need not be done again in every step.
        """
        return observations

    @abstractmethod
    def inputs(self, prepared: Tensor) -> Tensor:
        """Prepared observations (B, …) to the network's input x (B, …)."""

    @abstractmethod
    def represent(self, x: Tensor) -> Tensor:
        """x (B, …) to u (B, latent), with gradient where the encoder is trained."""

    def decode(self, u: Tensor) -> Tensor:
        """Latents (B, latent) to the decoder's output (B, …), a function of u alone.

        Raises:
            UserError: this domain only encodes.
        """
        self._refuse()

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """−log p(x | u) up to a constant, summed over an observation's entries, mean over the batch: a scalar.

        Raises:
            UserError: this domain only encodes.
        """
        self._refuse()

    def observations(self, decoded: Tensor) -> npt.NDArray[Any]:
        """The decoder's output as `prepare` would give it (B, …).

        Raises:
            UserError: this domain only encodes.
        """
        self._refuse()

    def fit_to(self, prepared: npt.NDArray[Any]) -> None:
        """Adapt what is not learnt by gradient (scales) to prepared training observations (N, …), before training."""

    def schedule(self, progress: float) -> None:
        """Called before each training step with the share of steps done, for losses that change on the way."""

    @torch.no_grad()
    def encode(self, observations: npt.NDArray[Any]) -> Tensor:
        """Observations (B, …), as the environment gives them, to u (B, latent), without gradient.

        Raises:
            RuntimeError: the module is in training mode, where batch norm would mix the batch into each latent.
        """
        if self.training:
            raise RuntimeError("a domain encodes in evaluation mode only: call eval() first")
        return self.represent(self.inputs(self.tensor(self.prepare(observations))))

    def tensor(self, prepared: npt.NDArray[Any]) -> Tensor:
        """Prepared observations as a tensor on the module's device."""
        held = next(chain(self.parameters(), self.buffers()), None)
        return torch.as_tensor(np.ascontiguousarray(prepared), device=None if held is None else held.device)

    def _refuse(self) -> NoReturn:
        raise UserError(f"a domain of kind '{self.describe()['kind']}' only encodes here: nothing decodes its latents")


class VAE(Domain):
    """A domain whose encoder gives a normal distribution of u; trained by `gwpipe.domains.vae.beta_vae_loss`."""

    @abstractmethod
    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(u | x), each (B, latent)."""

    def represent(self, x: Tensor) -> Tensor:
        """The posterior's mean."""
        mean, _ = self.posterior(x)
        return mean
