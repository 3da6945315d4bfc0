"""DreamerV3's image networks, in both published forms.

`strided` (the 2024 code, with which the paper's baseline very likely ran): 5×5 convolutions, depth·[1, 2, 3, 4, 4],
the first of stride 1 and the others of stride 2; transposed convolutions back. `pooled` (the code of 2026): 5×5
convolutions of stride 1, each followed by 2×2 max pooling, depth·[2, 3, 4, 4]; nearest-neighbour doubling back.
Both end at 4×4 pixels, so an image of 32×32 has the last stage less.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3_layers import KERNEL, BlockLinear, ChannelNormSiLU, NormSiLU, initialise, linear
from gwpipe.errors import UserError
from gwpipe.settings.dreamer_v3 import BLOCKS, ImageNet

SMALLEST = 4
"""Pixels across at the end of the encoder."""
_MULTIPLES: dict[ImageNet, tuple[int, ...]] = {"strided": (1, 2, 3, 4, 4), "pooled": (2, 3, 4, 4)}


def channels(kind: ImageNet, depth: int, resolution: int) -> list[int]:
    """Channels of each stage for images of `resolution` pixels across.

    Raises:
        UserError: no number of halvings leads from `resolution` to 4 pixels within the stages of `kind`, or the last
            stage's channels cannot be shared out to the blocks.
    """
    multiples = _MULTIPLES[kind]
    halvings = math.log2(resolution / SMALLEST) if resolution > 0 else -1
    stages = int(halvings) + (kind == "strided")
    if halvings != int(halvings) or not 1 <= stages <= len(multiples):
        raise UserError(f"DreamerV3 cannot read images {resolution} pixels across; choose 8, 16, 32 or 64")
    if depth * multiples[stages - 1] % BLOCKS:
        raise UserError(f"DreamerV3's depth of {depth} does not fit {resolution} pixels; choose a multiple of {BLOCKS}")
    return [depth * multiple for multiple in multiples[:stages]]


def at_once(device: torch.device) -> int:
    """Images that go through a network together: on a CPU as many as its caches hold, elsewhere all.

    The large images of the first and last stages would otherwise travel to memory and back at every operation.
    """
    return 128 if device.type == "cpu" else 2**31 - 1


def scaled(image: Tensor) -> Tensor:
    """A new image (N, 3, R, R) in [0, 1] from one in 0...255; channels last in memory, which convolutions prefer."""
    return image.to(torch.float32, memory_format=torch.channels_last, copy=True).div_(255)


def _conv(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, KERNEL, stride)
    initialise(layer.weight.data, inputs * KERNEL**2)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def _transposed(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    layer = nn.ConvTranspose2d(inputs, outputs, KERNEL, stride=2, padding=2, output_padding=1)
    initialise(layer.weight.data, inputs * KERNEL**2)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class _Same(nn.Module):
    """Pads so that a 5×5 convolution returns size / stride, as `SAME` does in JAX."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.padding = (2, 2, 2, 2) if stride == 1 else (1, 2, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(x, self.padding)


class ImageEncoder(nn.Module):
    """(N, 3, R, R) in 0...255 → (N, `width`)."""

    def __init__(self, kind: ImageNet, depth: int, resolution: int) -> None:
        super().__init__()
        widths = channels(kind, depth, resolution)
        parts: list[nn.Module] = []
        for stage, (before, after) in enumerate(zip([3, *widths[:-1]], widths)):
            stride = 2 if kind == "strided" and stage > 0 else 1
            parts += [_Same(stride), _conv(before, after, stride)]
            if kind == "pooled":
                parts.append(nn.MaxPool2d(2))
            parts.append(ChannelNormSiLU(after))
        self.layers = nn.Sequential(*parts, nn.Flatten())
        self.width = SMALLEST**2 * widths[-1]

    def forward(self, image: Tensor) -> Tensor:
        parts = image.split(at_once(image.device))
        return torch.cat([self.layers(scaled(part).sub_(0.5)) for part in parts])


class ImageDecoder(nn.Module):
    """deter (N, D) and stoch (N, S) → (N, 3, R, R) in [0, 1]."""

    def __init__(self, kind: ImageNet, depth: int, resolution: int, deter: int, stoch: int, units: int) -> None:
        super().__init__()
        widths = channels(kind, depth, resolution)
        self.smallest = widths[-1]
        cells = SMALLEST**2 * self.smallest
        self.from_deter = BlockLinear(deter, cells)
        hidden = [linear(stoch, 2 * units), NormSiLU(2 * units)]
        self.from_stoch = nn.Sequential(*hidden, linear(2 * units, cells))
        self.joined = ChannelNormSiLU(self.smallest)
        parts: list[nn.Module] = []
        for before, after in zip(widths[:0:-1], widths[-2::-1]):
            if kind == "strided":
                parts += [_transposed(before, after), ChannelNormSiLU(after)]
            else:
                parts += [nn.Upsample(scale_factor=2), _Same(1), _conv(before, after, 1), ChannelNormSiLU(after)]
        if kind == "pooled":
            parts.append(nn.Upsample(scale_factor=2))
        self.layers = nn.Sequential(*parts, _Same(1), _conv(widths[0], 3, 1), nn.Sigmoid())

    def error(self, deter: Tensor, stoch: Tensor, image: Tensor) -> Tensor:
        """(N,) squared error to image (N, 3, R, R) in 0...255, as shares of full brightness, summed over the image."""
        parts = zip(*(whole.split(at_once(image.device)) for whole in (deter, stoch, image)))
        return torch.cat([(self(d, s) - scaled(i)).square().sum((-3, -2, -1)) for d, s, i in parts])

    def forward(self, deter: Tensor, stoch: Tensor) -> Tensor:
        rows = deter.shape[0]
        # Each block of deter paints its own group of channels at every pixel.
        painted = self.from_deter(deter).reshape(rows, BLOCKS, SMALLEST**2, self.smallest // BLOCKS)
        painted = painted.transpose(1, 2).reshape(rows, SMALLEST, SMALLEST, self.smallest)
        drawn = self.from_stoch(stoch).reshape(rows, SMALLEST, SMALLEST, self.smallest)
        return self.layers(self.joined((painted + drawn).movedim(-1, 1)))
