import gymnasium
import numpy as np
import pytest
import torch

from gwpipe.agents.policies import CategoricalPolicy, GaussianPolicy, policy_for
from gwpipe.errors import UserError


def test_categorical_by_hand() -> None:
    policy = CategoricalPolicy(4, unimix=0.2)
    outputs = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    probabilities = torch.tensor([0.45, 0.25, 0.15, 0.15])
    action = torch.eye(4)
    torch.testing.assert_close(policy.log_prob(outputs, action), probabilities.log())
    torch.testing.assert_close(policy.entropy(outputs), -(probabilities * probabilities.log()).sum())
    torch.testing.assert_close(policy.mode(outputs), torch.tensor([1.0, 0, 0, 0]))
    np.testing.assert_array_equal(policy.to_env(action), [0, 1, 2, 3])
    torch.testing.assert_close(policy.from_env(policy.to_env(action)), action)


def test_categorical_samples_have_the_stated_frequencies() -> None:
    policy = CategoricalPolicy(3, unimix=0.1)
    outputs = torch.tensor([0.7, 0.2, 0.1]).log().expand(20_000, 3)
    drawn = policy.sample(outputs, policy.noise((20_000,), torch.Generator().manual_seed(0))).mean(0)
    expected = 0.9 * torch.tensor([0.7, 0.2, 0.1]) + 0.1 / 3
    torch.testing.assert_close(drawn, expected, atol=0.015, rtol=0)


def test_gaussian_agrees_with_torch_distributions() -> None:
    policy = GaussianPolicy(5)
    outputs = torch.randn(7, 10, generator=torch.Generator().manual_seed(0))
    mean, spread = outputs.chunk(2, -1)
    reference = torch.distributions.Normal(mean.tanh(), 0.9 * torch.sigmoid(spread + 2) + 0.1)
    action = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(policy.log_prob(outputs, action), reference.log_prob(action).sum(-1))
    torch.testing.assert_close(policy.entropy(outputs), reference.entropy().sum(-1))
    torch.testing.assert_close(policy.extent(outputs), mean.square().sum(-1))
    torch.testing.assert_close(policy.sample(outputs, torch.zeros(7, 5)), mean.tanh())
    torch.testing.assert_close(policy.sample(outputs, torch.ones(7, 5)), mean.tanh() + reference.scale)
    assert policy.to_env(action).dtype == np.float32
    torch.testing.assert_close(policy.from_env(policy.to_env(action)), action)


def test_the_space_chooses_the_policy() -> None:
    assert policy_for(gymnasium.spaces.Discrete(7), 0.01).outputs == 7
    assert policy_for(gymnasium.spaces.Box(-1, 1, (5,)), 0.01).outputs == 10
    with pytest.raises(UserError, match="RescaleAction, from -1 to 1"):
        policy_for(gymnasium.spaces.Box(np.float32([-1, 0]), np.float32([1, 1])), 0.01)
    with pytest.raises(UserError, match="MultiBinary"):
        policy_for(gymnasium.spaces.MultiBinary(3), 0.01)
    assert policy_for(gymnasium.spaces.Box(-1, 1, (5,)), 0.01, mean_penalty=0.1).outputs == 10
    with pytest.raises(UserError, match="no means to hold back; set mean_penalty: 0"):
        policy_for(gymnasium.spaces.Discrete(7), 0.01, mean_penalty=0.1)
