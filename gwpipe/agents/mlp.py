"""The multilayer perceptron of every head, actor and critic (Tables XII-XV)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def mlp(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with a ReLU between each two; `hidden` may be empty."""
    widths = [inputs, *hidden, outputs]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def zero_output(network: nn.Sequential) -> nn.Sequential:
    """Start with outputs of exactly zero: no prejudice about reward, value or action (DreamerV3)."""
    last = network[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return network
