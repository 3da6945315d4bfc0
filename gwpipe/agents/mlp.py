"""The multilayer perceptron of every head, actor and critic (Tables XII-XV)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from gwpipe.agents.dreamer_v3_layers import NormSiLU


def mlp(inputs: int, hidden: Sequence[int], outputs: int, normed: bool = False) -> nn.Sequential:
    """Linear layers with a ReLU between each two; `hidden` may be empty.

    normed: RMS norm and SiLU in place of the ReLU, as DreamerV3 has it.
    """
    widths = [inputs, *hidden, outputs]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), NormSiLU(after) if normed else nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def scale_output(network: nn.Sequential, factor: float) -> nn.Sequential:
    """Multiply the last layer by `factor`: outputs near zero, or exactly zero, show no prejudice at the start."""
    for parameter in network[-1].parameters():
        parameter.data.mul_(factor)
    return network
