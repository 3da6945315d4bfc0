"""A stack of workspaces is each of them: forward, gradients, and after training."""

import pytest
import torch

from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.stack import StackedRandom, member, stacked
from gwpipe.workspace.workspace import Workspace

ATTR_V, ATTR, V = ("attr", "v"), ("attr",), ("v",)


@pytest.fixture(params=[False, True], ids=["temperature fixed", "temperature learnt"])
def members(request):
    torch.manual_seed(0)
    made = [Workspace({"attr": 3, "v": 4}, 5, 8, 2, learn_temperature=request.param) for _ in range(3)]
    for workspace in made:
        workspace.get_buffer("centre_v").fill_(0.5)
        workspace.get_buffer("scale_attr").fill_(2.0)
    return made


def groups_of(members, batch=6):
    """Latents of each group, (B, members, latent)."""
    generator = torch.Generator().manual_seed(1)
    widths = {"attr": 3, "v": 4}
    return {
        group: {x: torch.randn(batch, members, widths[x], generator=generator) for x in group}
        for group in (ATTR_V, ATTR, V)
    }


def of(groups, number):
    return {group: {x: u[:, number] for x, u in latents.items()} for group, latents in groups.items()}


def assert_the_stack_gives_what_each_gives(members):
    (u, *_) = groups_of(len(members)).values()
    together = stacked(members).broadcast(u)
    for number, alone in enumerate(members):
        for one in (alone, member(stacked(members), number)):
            for name, value in one.broadcast({x: latents[:, number] for x, latents in u.items()}).items():
                torch.testing.assert_close(together[name][:, number], value, rtol=1e-5, atol=1e-6)


def test_it_gives_what_each_member_gives_and_can_be_taken_apart(members):
    assert_the_stack_gives_what_each_gives(members)


def test_layers_without_biases_stack_too(coefficients):
    torch.manual_seed(0)
    members = [Workspace({"attr": 3, "v": 4}, 5, 8, 0, bias=False, activation="unit") for _ in range(2)]
    groups = groups_of(2)
    mixing = StackedRandom(0.2, {0: torch.Generator().manual_seed(0)}, [0, 0])
    _, found = workspace_losses(stacked(members), groups, mixing, coefficients, "vse_pp")
    alone = [
        workspace_losses(one, of(groups, k), Random(0.2, torch.Generator().manual_seed(0)), coefficients, "vse_pp")[1]
        for k, one in enumerate(members)
    ]
    for name, value in found.items():
        torch.testing.assert_close(value, torch.stack([parts[name] for parts in alone]).mean(), rtol=1e-5, atol=1e-6)
    assert torch.equal(member(stacked(members), 1).encoders["v"][0].weight, members[1].encoders["v"][0].weight)


def test_linear_paths_stack_too():
    torch.manual_seed(0)
    members = [Workspace({"attr": 3, "v": 4}, 5, 8, 2, linear_path=True) for _ in range(2)]
    assert_the_stack_gives_what_each_gives(members)


def test_every_loss_is_the_mean_of_the_members_and_every_gradient_each_ones_own(members, coefficients):
    groups = groups_of(3)
    stack = stacked(members)
    generators = {seed: torch.Generator().manual_seed(seed) for seed in (0, 1)}
    streams = [0, 1, 0]
    total, found = workspace_losses(stack, groups, StackedRandom(0.2, generators, streams), coefficients)
    (3 * total).backward()
    alone = []
    for number, workspace in enumerate(members):
        mixing = Random(0.2, torch.Generator().manual_seed(streams[number]))
        loss, parts = workspace_losses(workspace, of(groups, number), mixing, coefficients)
        loss.backward()
        alone.append(parts)
        first = workspace.encoders["v"][0]
        torch.testing.assert_close(
            stack.encoders["v"].weights[0].grad[number].T, first.weight.grad, rtol=1e-4, atol=1e-6
        )
        torch.testing.assert_close(stack.encoders["v"].biases[0].grad[number, 0], first.bias.grad, rtol=1e-4, atol=1e-6)
    assert set(found) == {"loss", "dcy", "cy", "tr", "fusion", "cont"}
    for name, value in found.items():
        torch.testing.assert_close(value, torch.stack([parts[name] for parts in alone]).mean(), rtol=1e-5, atol=1e-6)
    if isinstance(stack.log_temperature, torch.Tensor):
        own = torch.stack([workspace.log_temperature.grad for workspace in members])
        torch.testing.assert_close(stack.log_temperature.grad[:, 0], own, rtol=1e-4, atol=1e-6)
