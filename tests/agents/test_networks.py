"""Every network's parameter count at the paper's sizes, and the losses on real and on meta tensors."""

import gymnasium
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gwpipe.agents.actor_critic import ActorCritic, actor_critic_loss
from gwpipe.agents.dreaming import (
    Networks,
    actor_critic_update_loss,
    build_networks,
    empty_batch,
    world_model_update_loss,
)
from gwpipe.agents.imagination import Dream
from gwpipe.agents.policies import CategoricalPolicy, GaussianPolicy
from gwpipe.agents.returns import no_spread
from gwpipe.agents.timing import Steps
from gwpipe.agents.two_hot import two_hot_loss
from gwpipe.agents.world_model import WorldModel, world_model_loss
from gwpipe.settings.agents import DreamingSettings

DISCRETE, BOX = gymnasium.spaces.Discrete(7), gymnasium.spaces.Box(-1, 1, (5,))


def _paper(**changed) -> DreamingSettings:
    simple_shapes = {
        "actor_reads": "h",
        "gru_input": 64,
        "gru_hidden": 64,
        "z_hidden": [],
        "head_hidden": [256, 256],
        "actor_hidden": [512, 512, 512],
        "critic_hidden": [512, 512, 512],
        "batch_size": 64,
        "batch_length": 32,
        "env_steps_per_update": 4,
        "discount": 0.997,
        "world_model_lr": 1e-3,
        "actor_critic_lr": 3e-4,
    }
    return DreamingSettings(**simple_shapes | changed)


ROBODESK = {"gru_input": 1024, "gru_hidden": 1024, "z_hidden": [512, 512], "batch_size": 32, "batch_length": 128}


def _count(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def test_simple_shapes_counts() -> None:
    model, heads, _ = build_networks(_paper(), 10, True, DISCRETE, "meta")
    assert _count(model.inputs, model.gru) == 26_112
    assert _count(model.next_z) == 650
    assert _count(model.reward) == 150_784
    assert _count(model.done) == 85_249
    assert _count(heads.actor) == 562_183
    assert _count(heads.critic) == _count(heads.slow_critic) == 689_407


def test_robodesk_counts() -> None:
    model, heads, _ = build_networks(_paper(**ROBODESK), 76, True, BOX, "meta")
    assert _count(model.gru) == 6_297_600
    assert _count(model.inputs) == 83_968
    assert _count(model.next_z) == 826_444
    assert _count(model.reward) == 413_440
    assert _count(model.done) == 347_905
    assert _count(heads.actor) == 1_055_242
    assert _count(heads.critic) == 1_180_927


@pytest.mark.parametrize("starts", ["first", "all"])
def test_an_update_of_paper_size_runs_on_meta_and_every_product_is_counted(starts: str) -> None:
    """2 operations a weight and row forwards, 4 backwards, less the first layers' gradients of inputs."""
    length, horizon, size = 8, 20, 32
    settings = _paper(**ROBODESK | {"imagination_starts": starts, "batch_length": length})
    networks = build_networks(settings, 76, True, BOX, "meta")
    batch = empty_batch(settings, 76, 5)
    with FlopCounterMode(display=False) as world_model:
        result = world_model_update_loss(networks, batch, settings)
        result.loss.backward()
    first = 81 * 1024
    weights = first + 2 * 3 * 1024**2 + (1024 + 512) * 512 + 512 * 76 + 2 * 1100 * 256 + 3 * 256 * 256 + 256
    assert world_model.get_total_flops() == size * length * (6 * weights - 2 * first)
    with FlopCounterMode(display=False) as actor_critic:
        actor_critic_update_loss(networks, batch, result.h, no_spread("meta"), settings).loss.backward()
    count = size * length if starts == "all" else size
    actor, critic, first = 2 * 1024 * 512 + 512 * 10, 2 * 1024 * 512 + 512 * 255, 1024 * 512
    dreamt = horizon * 2 * (weights + actor)
    learnt = horizon * (6 * actor - 2 * first + 2 * critic) + (horizon + 1) * (6 * critic - 2 * first)
    assert actor_critic.get_total_flops() == count * (dreamt + learnt)


def test_world_model_loss_by_hand() -> None:
    """Two steps, one of them masked; heads replaced by constants so that each part can be computed on paper."""
    settings = _paper(gru_hidden=4, gru_input=4, reward_bins=5, bin_limit=2.0, z_weight=2.0, done_weight=3.0)
    model = WorldModel(2, 7, settings, bounded=False)
    for head, bias in ((model.next_z, [0.5, 1.0]), (model.reward, [0.1, 0.2, 0.3, 0.4, 0.5]), (model.done, [-2.0])):
        nn.init.zeros_(head[-1].weight)
        head[-1].bias.data = torch.tensor(bias)
    steps = Steps(
        z=torch.zeros(1, 2, 2),
        action=torch.zeros(1, 2, 7),
        is_first=torch.tensor([[True, False]]),
        next_z=torch.tensor([[[1.0, 3.0], [100.0, 100.0]]]),
        next_reward=torch.tensor([[3.0, 6.0]]),
        next_done=torch.tensor([[1.0, 0.0]]),
        valid=torch.tensor([[1.0, 0.0]]),
    )
    result = world_model_loss(model, steps, torch.zeros(1, 4), settings)
    assert result.z.item() == pytest.approx(0.25 + 4)
    reward = two_hot_loss(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5]), torch.tensor(3.0), model.bins).item()
    assert result.reward.item() == pytest.approx(reward)
    assert result.done.item() == pytest.approx(2.1269280)  # ln(1 + e²)
    assert result.loss.item() == pytest.approx(2 * 4.25 + reward + 3 * 2.1269280)


@pytest.mark.parametrize(("head", "bounded", "expected"), [
    ("direct", True, 0.9640276),
    ("direct", False, 2.0),
    ("residual", True, 1.0),
    ("residual", False, 2.7),
])  # fmt: skip
def test_the_next_z_suits_the_representation(head: str, bounded: bool, expected: float) -> None:
    model = WorldModel(1, 7, _paper(z_head=head), bounded)
    nn.init.zeros_(model.next_z[-1].weight)
    model.next_z[-1].bias.data.fill_(2.0)
    assert model.dream_z(torch.zeros(1, 64), torch.tensor([[0.7]])).item() == pytest.approx(expected)


def test_dreams_that_begin_at_an_end_teach_nothing() -> None:
    settings = _paper(actor_hidden=[4], critic_hidden=[4])
    networks = ActorCritic(2, 2, settings)
    dream = Dream(
        seen=torch.rand(3, 1, 2), action=torch.eye(2)[:, None], reward=torch.rand(2, 1), keeps=torch.ones(2, 1)
    )
    result = actor_critic_loss(networks, CategoricalPolicy(2, 0.0), dream, torch.zeros(1), no_spread(), settings)
    result.loss.backward()
    assert result.loss.item() == 0
    assert all((weight.grad == 0).all() for weight in (*networks.actor.parameters(), *networks.critic.parameters()))


def test_actor_critic_loss_by_hand() -> None:
    settings = _paper(
        value_bins=5,
        bin_limit=2.0,
        actor_hidden=[],
        critic_hidden=[],
        discount=0.5,
        return_lambda=1.0,
        entropy=0.1,
        scale_floor=4.0,
    )
    networks = ActorCritic(2, 2, settings)
    nn.init.zeros_(networks.actor[0].weight)
    networks.actor[0].bias.data = torch.tensor([3.0, 1.0]).log()
    dream = Dream(
        seen=torch.zeros(3, 1, 2),
        action=torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]),
        reward=torch.tensor([[1.0], [2.0]]),
        keeps=torch.tensor([[1.0], [1.0]]),
    )
    result = actor_critic_loss(networks, CategoricalPolicy(2, 0.0), dream, torch.ones(1), no_spread(), settings)
    # Values are 0, so returns and advantages are 1 + .5·2 = 2 and 2; weights 1 and .5, over their sum 2/3 and 1/3.
    entropy = -(0.75 * torch.tensor(0.75).log() + 0.25 * torch.tensor(0.25).log()).item()
    gains = 2 / 4 * torch.tensor([0.75, 0.25]).log()
    assert result.scale.item() == 4
    assert result.entropy.item() == pytest.approx(entropy)
    assert result.actor.item() == pytest.approx(-(gains[0] * 2 / 3 + gains[1] / 3).item() - 0.1 * entropy)
    # The critic is uniform over 5 bins: cross entropy to anything is ln 5, to the returns and to the slow critic.
    assert result.critic.item() == pytest.approx(2 * 1.6094379)
    result.loss.backward()
    gradient = networks.actor[0].bias.grad
    assert gradient is not None
    # d(log π)/d(logits) is one-hot minus probabilities; equal probabilities have no entropy gradient of their own here.
    policy_part = -(2 / 4) * (2 / 3 * torch.tensor([0.25, -0.25]) + 1 / 3 * torch.tensor([-0.75, 0.75]))
    entropy_part = 0.1 * torch.tensor([0.75, 0.25]) * (torch.tensor([0.75, 0.25]).log() + entropy)
    torch.testing.assert_close(gradient, policy_part + entropy_part)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_means_are_held_back_by_their_squares(penalty: float) -> None:
    settings = _paper(value_bins=5, actor_hidden=[], critic_hidden=[], discount=0.5, entropy=0.0, mean_penalty=penalty)
    networks = ActorCritic(2, 2, settings)
    nn.init.zeros_(networks.actor[0].weight)
    networks.actor[0].bias.data = torch.tensor([0.5, 0.0])
    # Every action is the mean and every advantage 0: the penalty alone has a gradient.
    nothing = torch.zeros(2, 1)
    dream = Dream(torch.zeros(3, 1, 2), torch.full((2, 1, 1), 0.5).tanh(), nothing, torch.ones(2, 1))
    result = actor_critic_loss(networks, GaussianPolicy(1), dream, torch.ones(1), no_spread(), settings)
    assert result.extent.item() == pytest.approx(0.25)
    assert result.actor.item() == pytest.approx(0.25 * penalty)
    result.actor.backward()
    gradient = networks.actor[0].bias.grad
    assert gradient is not None
    torch.testing.assert_close(gradient, torch.tensor([2 * 0.5 * penalty, 0.0]))


def test_no_gradient_reaches_the_world_model_from_the_dream() -> None:
    settings = _paper(batch_size=2, batch_length=3, actor_hidden=[8], critic_hidden=[8], head_hidden=[8])
    networks: Networks = build_networks(settings, 10, True, DISCRETE)
    batch = empty_batch(settings, 10, 7, "cpu")
    h = world_model_update_loss(networks, batch, settings).h
    actor_critic_update_loss(networks, batch, h, no_spread(), settings).loss.backward()
    assert all(parameter.grad is None for parameter in networks.world_model.parameters())
    assert all(parameter.grad is None for parameter in networks.actor_critic.slow_critic.parameters())
    assert all(parameter.grad is not None for parameter in networks.actor_critic.critic.parameters())


def test_the_slow_critic_follows() -> None:
    networks = ActorCritic(3, 2, _paper(critic_hidden=[]))
    nn.init.ones_(networks.critic[0].bias)
    networks.follow(0.1)
    networks.follow(0.1)
    torch.testing.assert_close(networks.slow_critic[0].bias, torch.full((255,), 0.19))
