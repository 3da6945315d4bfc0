"""The multilayer perceptron of the paper's tables."""

from itertools import pairwise

from torch import nn


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers of the given widths, biases included, with ReLU between them and none at the end.

    mlp(a, b, c) maps (…, a) to (…, c).
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
