"""The two kinds of action distribution, as functions of the actor's outputs.

Actions are vectors everywhere in the world model: one-hot for `Discrete(n)`, the numbers themselves for `Box`. Noise
is drawn outside and handed in, so that sampling is a pure function and runs on any device.
"""

import math
from typing import Protocol

import gymnasium
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.errors import UserError
from gwpipe.settings.learning import ActorGradient


class Policy(Protocol):
    """What the agent needs of an action distribution; `outputs` is (..., outputs), an action (..., size)."""

    size: int
    outputs: int

    def noise(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor: ...

    def sample(self, outputs: Tensor, noise: Tensor) -> Tensor: ...

    def mode(self, outputs: Tensor) -> Tensor: ...

    def log_prob(self, outputs: Tensor, action: Tensor) -> Tensor: ...

    def entropy(self, outputs: Tensor) -> Tensor: ...

    def extent(self, outputs: Tensor) -> Tensor: ...

    def to_env(self, actions: Tensor) -> np.ndarray: ...

    def from_env(self, actions: np.ndarray) -> Tensor: ...


def gumbel(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise: added to log-probabilities, the largest is a sample."""
    exponential = torch.empty(shape, device=generator.device).exponential_(generator=generator)
    return exponential.clamp_(min=1e-30).log_().neg_()


class CategoricalPolicy:
    """`Discrete(n)`: n logits, mixed with `unimix` of the uniform distribution (1 % in DreamerV3)."""

    def __init__(self, size: int, unimix: float) -> None:
        self.size = self.outputs = size
        self.unimix = unimix

    def _log_probs(self, outputs: Tensor) -> Tensor:
        return ((1 - self.unimix) * outputs.softmax(-1) + self.unimix / self.size).log()

    def noise(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Standard Gumbel noise (*shape, n)."""
        return gumbel((*shape, self.size), generator)

    def sample(self, outputs: Tensor, noise: Tensor) -> Tensor:
        """One-hot of the largest noisy log-probability: an exact sample of the distribution."""
        return functional.one_hot((self._log_probs(outputs) + noise).argmax(-1), self.size).to(outputs.dtype)

    def mode(self, outputs: Tensor) -> Tensor:
        """One-hot of the likeliest action."""
        return functional.one_hot(outputs.argmax(-1), self.size).to(outputs.dtype)

    def log_prob(self, outputs: Tensor, action: Tensor) -> Tensor:
        """(...,) of the one-hot `action`."""
        return (self._log_probs(outputs) * action).sum(-1)

    def entropy(self, outputs: Tensor) -> Tensor:
        """(...,) in nats."""
        log_probs = self._log_probs(outputs)
        return -(log_probs.exp() * log_probs).sum(-1)

    def extent(self, outputs: Tensor) -> Tensor:
        """(...,) zeros: choices have no means that could go astray."""
        return outputs.new_zeros(outputs.shape[:-1])

    def to_env(self, actions: Tensor) -> np.ndarray:
        """(n,) int64 indices."""
        return actions.argmax(-1).cpu().numpy()

    def from_env(self, actions: np.ndarray) -> Tensor:
        """One-hot (n, size) of indices (n,): the inverse of `to_env`."""
        return functional.one_hot(torch.from_numpy(actions).long(), self.size).to(torch.float32)


class GaussianPolicy:
    """`Box(k)`: a mean through tanh and a deviation in [0.1, 1]; samples are clipped by the environment."""

    def __init__(self, size: int) -> None:
        self.size, self.outputs = size, 2 * size

    @staticmethod
    def _moments(outputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = outputs.chunk(2, -1)
        return mean.tanh(), 0.9 * (spread + 2).sigmoid() + 0.1

    def noise(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Standard normal noise (*shape, k)."""
        return torch.randn((*shape, self.size), device=generator.device, generator=generator)

    def sample(self, outputs: Tensor, noise: Tensor) -> Tensor:
        """mean + deviation · noise, not clipped."""
        mean, deviation = self._moments(outputs)
        return mean + deviation * noise

    def mode(self, outputs: Tensor) -> Tensor:
        """The mean."""
        return self._moments(outputs)[0]

    def log_prob(self, outputs: Tensor, action: Tensor) -> Tensor:
        """(...,) density of `action`, summed over its components."""
        mean, deviation = self._moments(outputs)
        normalised = (action - mean) / deviation
        return (-0.5 * normalised.square() - deviation.log() - 0.5 * math.log(2 * math.pi)).sum(-1)

    def entropy(self, outputs: Tensor) -> Tensor:
        """(...,) in nats, summed over the components."""
        return (self._moments(outputs)[1].log() + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)

    def extent(self, outputs: Tensor) -> Tensor:
        """(...,) how far the means are from zero before their tanh, squared and summed over the components.

        From 3 on a mean is at its bound for good: the gradient that could bring it back is below a hundredth.
        """
        return outputs.chunk(2, -1)[0].square().sum(-1)

    def to_env(self, actions: Tensor) -> np.ndarray:
        """(n, k) float32."""
        return actions.cpu().numpy()

    def from_env(self, actions: np.ndarray) -> Tensor:
        """The same numbers (n, k): the inverse of `to_env`."""
        return torch.from_numpy(actions).to(torch.float32)


def policy_for(
    space: gymnasium.Space, unimix: float, actor_gradient: ActorGradient = "reinforce", mean_penalty: float = 0.0
) -> Policy:
    """The action distribution that fits an action space.

    Raises:
        UserError: the space is neither `Discrete` nor a one-dimensional `Box` from -1 to 1, or `Discrete` where
            gradients are to run through actions, or their means to be held back.
    """
    if isinstance(space, gymnasium.spaces.Discrete):
        if actor_gradient == "dynamics":
            raise UserError(
                f"action space {space}: no gradient runs through a choice; set actor_gradient: reinforce, or choose an "
                "environment whose actions are numbers"
            )
        if mean_penalty:
            raise UserError(f"action space {space}: choices have no means to hold back; set mean_penalty: 0")
        return CategoricalPolicy(int(space.n), unimix)
    if isinstance(space, gymnasium.spaces.Box) and len(space.shape) == 1:
        if (space.low != -1).any() or (space.high != 1).any():
            raise UserError(
                f"action space {space}: means of actions end in tanh; wrap the environment in gymnasium's "
                "RescaleAction, from -1 to 1"
            )
        return GaussianPolicy(space.shape[0])
    raise UserError(f"action space {space}: the dreaming agent knows Discrete and one-dimensional Box; wrap it in one")
