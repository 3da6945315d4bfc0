"""The multilayer perceptron of the paper's tables."""

from itertools import pairwise

from torch import Tensor, nn


def mlp(*widths: int, bias: bool = True) -> nn.Sequential:
    """Linear layers of the given widths, with ReLU between them and none at the end.

    mlp(a, b, c) maps (…, a) to (…, c); mlp(a, c) is a single linear map. bias: of every layer.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after, bias), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


class WithLinearPath(nn.Module):
    """A multilayer perceptron of the given widths and a linear map from its input, added up."""

    def __init__(self, *widths: int, bias: bool = True) -> None:
        super().__init__()
        self.network = mlp(*widths, bias=bias)
        self.straight = nn.Linear(widths[0], widths[-1], bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + self.straight(x)
