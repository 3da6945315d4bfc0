"""A frozen pretrained image encoder in place of the visual VAE (the paper's Discussion)."""

from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.domains.frozen import FrozenEncoder
from gwpipe.domains.image_encoders import build_encoder, features_of
from gwpipe.domains.projection import Projection
from gwpipe.domains.visual import PictureDecoder, from_bytes, squared_error, to_bytes
from gwpipe.errors import UserError

_CENTRE, _SCALE = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's red, green and blue, with which such encoders were trained."""


class PretrainedImage(FrozenEncoder):
    """Pictures (B, side, side, 3), uint8, through a frozen encoder to u; a decoder trained here brings them back.

    u is the first principal components of the encoder's features over training pictures, each of unit variance.

    Args:
        side: height and width of the pictures, px; 32 or 64 where they are decoded.
        latent: width of u.
        architecture: which encoder, see `gwpipe.domains.image_encoders`.
        weights: a safetensors file of the encoder's weights, or "random"; not needed where a trained domain is loaded,
            whose file holds them.
        size: side to which pictures are scaled for the encoder, px.
        decoder: train one? Without, this domain only encodes.
        width: factor on the decoder's channels.

    Raises:
        UserError: encoder or weights cannot be had, or no layout for pictures of that side.
    """

    observation = "image"

    def __init__(
        self,
        side: int,
        latent: int,
        architecture: str,
        weights: str | None = None,
        size: int = 64,
        decoder: bool = True,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        self.side, self.latent, self.width, self.size = side, latent, width, size
        self.architecture, self.weights, self.can_decode = architecture, weights, decoder
        self.encoder = build_encoder(architecture, weights)
        self.projection = Projection(features_of(self.encoder, size), latent)
        self.decoder = PictureDecoder(side, latent, width) if decoder else None

    def describe(self) -> dict[str, Any]:
        """Without `weights`: they are kept with the projection and the decoder."""
        encoder = {"architecture": self.architecture, "size": self.size, "decoder": self.can_decode}
        return {"kind": "pretrained_image", "side": self.side, "latent": self.latent, "width": self.width, **encoder}

    def fit_to(self, prepared: npt.NDArray[Any]) -> None:
        """Take the principal components from the features of training pictures (N, side, side, 3).

        Raises:
            UserError: the encoder has no weights.
        """
        if self.weights is None:
            raise UserError("a pretrained image encoder needs options.weights: a safetensors file, or 'random'")
        super().fit_to(prepared)

    def inputs(self, prepared: Tensor) -> Tensor:
        """uint8 (B, side, side, 3) to float32 (B, 3, side, side) in [0, 1]."""
        return from_bytes(prepared)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """What the frozen encoder makes of pictures (B, 3, side, side) in [0, 1]: (B, F)."""
        if self.size != self.side:
            x = functional.interpolate(x, (self.size, self.size), mode="bilinear", antialias=True)
        centre, scale = (x.new_tensor(values)[:, None, None] for values in (_CENTRE, _SCALE))
        return self.encoder((x - centre) / scale)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        return super().reconstruction_loss(decoded, x) if self.decoder is None else squared_error(decoded, x)

    def observations(self, decoded: Tensor) -> npt.NDArray[Any]:
        return super().observations(decoded) if self.decoder is None else to_bytes(decoded)
