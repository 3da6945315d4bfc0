"""The visual β-VAE (Tables II and III), in the layouts that give the printed parameter counts.

The printed listings do not give the printed counts; these do:
- 32 px (Simple Shapes): 4 convolutions of 64-128-256-512 channels, decoder 512-256-128 and a last convolution.
- 64 px (RoboDesk): 5 convolutions of 64-128-256-512-1024, decoder 1024-512-256-128 and a last convolution.
"""

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.domains.domain import VAE
from gwpipe.domains.views import VIEWS
from gwpipe.errors import UserError, nearest

ENCODER_CHANNELS = {32: (64, 128, 256, 512), 64: (64, 128, 256, 512, 1024)}
DECODER_CHANNELS = {32: (512, 256, 128), 64: (1024, 512, 256, 128)}
"""Side of the picture in pixels → channels at width 1, in the order of the data's flow."""

_BASE = 8
"""Side of the decoder's first feature map, px."""


def _scaled(channels: tuple[int, ...], width: float) -> tuple[int, ...]:
    return tuple(max(1, round(width * count)) for count in channels)


class PictureDecoder(nn.Module):
    """u (B, latent) to pictures (B, channels, side, side) in [0, 1].

    Args:
        side: height and width, 32 or 64 px.
        latent: width of u.
        width: factor on all channel counts but the last.
        channels: of the picture.

    Raises:
        UserError: no layout for pictures of that side.
    """

    def __init__(self, side: int, latent: int, width: float, channels: int = 3) -> None:
        super().__init__()
        _require_side(side)
        counts = _scaled(DECODER_CHANNELS[side], width)
        # A transposed convolution of kernel 8 on one pixel is this linear layer.
        self.base = nn.Linear(latent, counts[0] * _BASE**2, bias=False)
        blocks: list[nn.Module] = [nn.BatchNorm2d(counts[0]), nn.ReLU()]
        for before, after in pairwise(counts):
            blocks += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Conv2d(counts[-1], channels, 4, 1, 1)

    def forward(self, u: Tensor) -> Tensor:
        base = self.base(u).unflatten(1, (_BASE, _BASE, -1)).permute(0, 3, 1, 2)
        # An even kernel keeps the size with one more pixel on the right and at the bottom.
        return torch.sigmoid(self.last(functional.pad(self.blocks(base), (0, 1, 0, 1))))


def from_bytes(pictures: Tensor) -> Tensor:
    """uint8 (B, H, W, C) to float32 (B, C, H, W) in [0, 1]; in memory the channels stay last."""
    return pictures.permute(0, 3, 1, 2).float() / 255


def to_bytes(decoded: Tensor) -> npt.NDArray[np.uint8]:
    """Pictures (B, C, H, W) in [0, 1] to uint8 (B, H, W, C)."""
    return decoded.detach().float().mul(255).round().permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy()


COLOUR_FIRST = 0.2
"""Share of the training steps over which the weight of colour falls to 1."""


def squared_error(decoded: Tensor, x: Tensor, colour: float = 1.0) -> Tensor:
    """Gaussian negative log-likelihood with σ = 1, without its constant: half the squared error.

    Summed over a picture's entries, mean over the batch. colour: weight of the errors of colour, which are what is left
    of a pixel's errors less their mean over the channels; at 1 it is the paper's loss.
    """
    error = decoded.float() - x
    loss = 0.5 * error.square().flatten(1).sum(1).mean()
    if colour == 1:
        return loss
    of_colour = (error - error.mean(1, keepdim=True)).square().flatten(1).sum(1).mean()
    return loss + 0.5 * (colour - 1) * of_colour


class VisualVAE(VAE):
    """Pictures (B, side, side, 3), uint8, to u and back.

    Args:
        side: height and width, 32 or 64 px.
        latent: width of u (10 and 40 in the paper).
        width: factor on all channel counts; 1 is the paper's.
        view: what is seen of a picture: "colour" (the paper's), "luma" (colour-blind) or "silhouette".
        colour_first: weight of the errors of colour at the first training step; falls to 1. A decoder learns first what
            all channels share, and one that draws in grey gives its encoder no reason to tell hues apart: both stay
            without colour for a million pictures. Nothing of it is left in a trained VAE's description.

    Raises:
        UserError: no layout for pictures of that side, or no such view.
    """

    observation = "image"

    def __init__(
        self,
        side: int,
        latent: int,
        width: float = 1.0,
        view: Literal["colour", "luma", "silhouette"] = "colour",
        colour_first: Annotated[float, Field(gt=0)] = 1.0,
    ) -> None:
        super().__init__()
        _require_side(side)
        if view not in VIEWS:
            raise UserError(f"a visual domain has no view '{view}'{nearest(view, VIEWS)}")
        self.side, self.latent, self.width, self.view = side, latent, width, view
        self.colour_first, self._colour = colour_first, 1.0
        seen = VIEWS[view].channels
        channels = (seen, *_scaled(ENCODER_CHANNELS[side], width))
        # Batch norm subtracts the mean, so a bias before it would do nothing.
        blocks: list[nn.Module] = []
        for before, after in pairwise(channels):
            blocks += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.encoder = nn.Sequential(*blocks, nn.Flatten())
        features = channels[-1] * (side >> len(channels[1:])) ** 2
        self.mean = nn.Linear(features, latent)
        self.log_variance = nn.Linear(features, latent)
        self.decoder = PictureDecoder(side, latent, width, seen)

    def describe(self) -> dict[str, Any]:
        return {"kind": "visual", "side": self.side, "latent": self.latent, "width": self.width, "view": self.view}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """uint8 (B, side, side, 3), or one channel of it where that is the view."""
        return VIEWS[self.view].of(observations)

    def inputs(self, prepared: Tensor) -> Tensor:
        """uint8 (B, side, side, C) to float32 (B, C, side, side) in [0, 1]."""
        return from_bytes(prepared)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        return self.mean(features), self.log_variance(features)

    def decode(self, u: Tensor) -> Tensor:
        """(B, latent) to pictures (B, C, side, side) in [0, 1]."""
        return self.decoder(u)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        return squared_error(decoded, x, self._colour if self.training else 1.0)

    def schedule(self, progress: float) -> None:
        self._colour = 1 + (self.colour_first - 1) * max(0.0, 1 - progress / COLOUR_FIRST)

    def observations(self, decoded: Tensor) -> npt.NDArray[np.uint8]:
        return to_bytes(decoded)


def _require_side(side: int) -> None:
    if side not in DECODER_CHANNELS:
        sides = ", ".join(map(str, sorted(DECODER_CHANNELS)))
        raise UserError(f"no visual layout for pictures of {side} px; there is one for {sides}")
