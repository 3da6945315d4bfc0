"""Perceptrons of heads, actor and critic: their two forms."""

import pytest
import torch
from torch import nn

from gwpipe.agents.mlp import mlp


def test_a_normed_layer_by_hand() -> None:
    network = mlp(2, [2], 1, normed=True)
    for layer, weight in ((network[0], [[1.0, 0.0], [0.0, 1.0]]), (network[-1], [[1.0, 10.0]])):
        layer.weight.data = torch.tensor(weight)
        nn.init.zeros_(layer.bias)
    # (3, 4) over its root mean square √12.5 is (0.8485, 1.1314); SiLU makes 0.5942 and 0.8554 of it.
    assert network(torch.tensor([3.0, 4.0])).item() == pytest.approx(0.5942 + 8.554, abs=1e-3)
    assert network(torch.tensor([30.0, 40.0])).item() == pytest.approx(0.5942 + 8.554, abs=1e-3)


def test_the_usual_form_has_no_norm() -> None:
    assert [type(layer) for layer in mlp(3, [4, 4], 2)] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
