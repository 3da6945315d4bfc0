"""The optimisers, against their definitions written out for single numbers."""

import math

import pytest
import torch
from test_dreamer_v3 import settings, tiny
from torch import nn

from gwpipe.agents.dreamer_v3_optimisers import ClippedAdam, LaProp, make_optimiser
from gwpipe.agents.policies import GaussianPolicy


def test_laprop_by_hand() -> None:
    parameter = nn.Parameter(torch.tensor([3.0, -4.0]))
    optimiser = LaProp([parameter], lr=0.1, warm_up=0)
    gradients = [[0.6, -0.8], [30.0, 40.0], [0.0, 0.1]]
    x, squares, momentum = [3.0, -4.0], [0.0, 0.0], [0.0, 0.0]
    for step, gradient in enumerate(gradients, start=1):
        parameter.grad = torch.tensor(gradient)
        optimiser.step()
        clip = min(1.0, 0.3 * max(1e-3, math.hypot(*x)) / math.hypot(*gradient))
        for k, g in enumerate(gradient):
            squares[k] = 0.999 * squares[k] + 0.001 * (clip * g) ** 2
            root = math.sqrt(squares[k] / (1 - 0.999**step))
            momentum[k] = 0.9 * momentum[k] + 0.1 * (clip * g) / (root + 1e-20)
            x[k] -= 0.1 * momentum[k] / (1 - 0.9**step)
        assert parameter.tolist() == pytest.approx(x, rel=1e-5)


def test_laprop_warms_up_and_copes_with_zeros() -> None:
    parameter, still = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    optimiser = LaProp([parameter, still], lr=0.1, warm_up=10)
    places = []
    for _ in range(4):
        parameter.grad, still.grad = torch.full((2,), 1e-4), torch.zeros(2)
        optimiser.step()
        places.append(parameter[0].item())
    # A constant gradient moves each number by the present learning rate: 0, 0.01, 0.02, 0.03.
    assert places == pytest.approx([0, -0.01, -0.03, -0.06], rel=1e-4)
    assert still.abs().max() == 0


def test_papers_optimiser_has_two_learning_rates_and_clips_each_group() -> None:
    model = tiny(GaussianPolicy(2))
    optimiser = make_optimiser(model, settings(world_model_lr=1e-3, actor_critic_lr=3e-4, max_gradient_norm=1.0))
    assert isinstance(optimiser, ClippedAdam)
    assert [group["lr"] for group in optimiser.param_groups] == [1e-3, 3e-4]
    named = dict(model.named_parameters())
    grouped = {id(p): k for k, group in enumerate(optimiser.param_groups) for p in group["params"]}
    for name, parameter in named.items():
        expected = None if name.startswith("slow") else int(name.startswith(("actor", "critic")))
        assert grouped.get(id(parameter)) == expected, name
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    for group in optimiser.param_groups:
        norm = torch.stack([p.grad.square().sum() for p in group["params"]]).sum().sqrt()
        assert norm == pytest.approx(1.0, rel=1e-4)


def test_upstreams_optimiser_moves_everything_that_learns() -> None:
    model = tiny(GaussianPolicy(2))
    optimiser = make_optimiser(model, settings(optimiser="upstream"))
    assert isinstance(optimiser, LaProp)
    (group,) = optimiser.param_groups
    assert (group["lr"], group["warm_up"]) == (4e-5, 1000)
    assert {id(p) for p in group["params"]} == {id(p) for p in model.parameters() if p.requires_grad}


def test_upstreams_optimiser_learns() -> None:
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = x @ torch.randn(4, 1)
    layer = nn.Linear(4, 1)
    optimiser = LaProp(layer.parameters(), lr=1e-2, warm_up=0)
    losses = []
    for _ in range(300):
        loss = (layer(x) - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-3 * losses[0]
