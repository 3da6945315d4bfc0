"""Layers of DreamerV3: initialisation, block-diagonal Linear, dense stacks with RMS norm and SiLU."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.settings.dreamer_v3 import BLOCKS

EPSILON = 1e-4
"""Added to the mean square under RMS norm's root."""
KERNEL = 5
"""Width of every image kernel."""


def initialise(weight: Tensor, fan_in: int, scale: float = 1.0) -> None:
    """Truncated normal of standard deviation 1/√fan_in (1.1368 undoes the truncation), times `scale`; in place."""
    deviation = scale * 1.1368 / math.sqrt(fan_in)
    if deviation:
        nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)
    else:
        nn.init.zeros_(weight)


def linear(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    """`nn.Linear` with DreamerV3's initialisation and no bias at first; a `scale` of 0 starts at exactly zero."""
    layer = nn.Linear(inputs, outputs)
    initialise(layer.weight.data, inputs, scale)
    nn.init.zeros_(layer.bias)
    return layer


class BlockLinear(nn.Module):
    """(..., inputs) → (..., outputs) by `BLOCKS` separate matrices; neighbouring features share a block."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(BLOCKS, inputs // BLOCKS, outputs // BLOCKS))
        self.bias = nn.Parameter(torch.zeros(BLOCKS, 1, outputs // BLOCKS))
        initialise(self.weight.data, inputs // BLOCKS)

    def forward(self, x: Tensor) -> Tensor:
        blocks = x.reshape(-1, BLOCKS, self.weight.shape[1]).transpose(0, 1)
        out = torch.baddbmm(self.bias, blocks, self.weight).transpose(0, 1)  # (rows, blocks, outputs / blocks)
        return out.reshape(*x.shape[:-1], BLOCKS * self.weight.shape[2])


class _NormSiLU(torch.autograd.Function):
    """SiLU(weight · x / √(mean square + ε)) in as few passes over memory as eager PyTorch allows.

    The CPU has no kernel of its own for RMS norm: taken apart into single operations it costs more than the
    convolution before it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_() / x.shape[-1]
        inverse = mean_square.add_(EPSILON).rsqrt_()
        ctx.save_for_backward(x, weight, inverse)
        return functional.silu(x.mul(inverse).mul_(weight), inplace=True)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, weight, inverse = ctx.saved_tensors
        normed = x * inverse
        gradient = torch.ops.aten.silu_backward(gradients[0], normed * weight)
        of_weight = (gradient * normed).reshape(-1, weight.shape[0]).sum(0)
        gradient = gradient.mul_(weight)
        along = (gradient * normed).mean(-1, keepdim=True)
        return gradient.addcmul_(normed, along, value=-1).mul_(inverse), of_weight


class NormSiLU(nn.Module):
    """RMS norm over the last axis, `width` long, with a learnt scale; then SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        if torch.compiler.is_compiling():  # which fuses the single operations itself
            return functional.silu(functional.rms_norm(x, self.weight.shape, self.weight, EPSILON))
        return _NormSiLU.apply(x, self.weight)


class ChannelNormSiLU(NormSiLU):
    """The same over the channels of (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def dense(inputs: int, units: int, layers: int) -> nn.Sequential:
    """`layers` times Linear, RMS norm, SiLU; `units` wide."""
    parts: list[nn.Module] = []
    for width in [inputs, *[units] * (layers - 1)]:
        parts += [linear(width, units), NormSiLU(units)]
    return nn.Sequential(*parts)


def head(inputs: int, units: int, layers: int, outputs: int, scale: float = 1.0) -> nn.Sequential:
    """A dense stack and a last Linear whose initial weights are multiplied by `scale`."""
    return nn.Sequential(*dense(inputs, units, layers), linear(units, outputs, scale))
