"""Perceptrons of heads, actor and critic: their two forms, and the penalty that tells features apart."""

import pytest
import torch
from torch import Tensor, nn

from gwpipe.agents.mlp import column_norms, mlp


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


def test_column_norms_by_hand() -> None:
    network, layer = mlp(2, [2], 1), nn.Linear(1, 2)
    network[0].weight.data = torch.tensor([[3.0, 0.0], [4.0, 2.0]])
    layer.weight.data = torch.tensor([[0.6], [0.8]])
    assert column_norms(network, layer).item() == pytest.approx(5 + 2 + 1)


def error_on_new_rows(penalty: float) -> tuple[float, Tensor]:
    """Of a perceptron that learnt a function of the first of 30 features on 64 rows, and its norm for each feature."""
    g = torch.Generator().manual_seed(0)
    x, new = torch.randn(64, 30, generator=g), torch.randn(500, 30, generator=g)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = mlp(30, [32], 1, normed=True)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(300):
        loss = (network(x).squeeze(-1) - x[:, 0].sin()).square().mean() + penalty * column_norms(network)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        error = (network(new).squeeze(-1) - new[:, 0].sin()).square().mean().item()
    return error, network[0].weight.detach().norm(dim=0)


def test_features_that_tell_nothing_lose_their_weight() -> None:
    without, everything = error_on_new_rows(0.0)
    penalised, columns = error_on_new_rows(0.01)
    assert penalised < without / 3
    assert columns[0] > 3 * columns[1:].max()
    assert everything[0] < 3 * everything[1:].max()
