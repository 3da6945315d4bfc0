"""What PPO's networks are given: the z of a representation, or raw observations and the network that reads them."""

from typing import Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from gymnasium.spaces import Box
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

from gwpipe.representations import Representation

_SMALLEST = 4
"""Pictures are halved until they are no larger than this, px."""


class Inputs(Protocol):
    """Observations on their way to the networks."""

    @property
    def space(self) -> gymnasium.Space:
        """Of what `see` gives, without its batch axis."""

    def see(self, observations: dict[str, np.ndarray]) -> Any:
        """What the networks are given of observations, batch first."""


class Represented:
    """z (n, dim), float32."""

    def __init__(self, representation: Representation) -> None:
        self.representation = representation
        self.space = Box(-np.inf, np.inf, (representation.dim,), np.float32)

    def see(self, observations: dict[str, np.ndarray]) -> npt.NDArray[np.float32]:
        return self.representation.fuse(self.representation.encode(observations)).cpu().numpy()


class Observed:
    """Raw observations by name; pictures (n, 3, H, W) uint8, as torch wants them."""

    def __init__(self, space: gymnasium.spaces.Dict) -> None:
        self.space = gymnasium.spaces.Dict({name: _for_torch(part) for name, part in space.spaces.items()})

    def see(self, observations: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: value.transpose(0, 3, 1, 2) if value.ndim == 4 else value for name, value in observations.items()}


def inputs_of(seen: Representation | gymnasium.spaces.Dict) -> Inputs:
    """The inputs of an agent that sees through a representation, or of one that sees observations of such a space."""
    return Observed(seen) if isinstance(seen, gymnasium.spaces.Dict) else Represented(seen)


def _is_picture(space: gymnasium.Space) -> bool:
    return isinstance(space, Box) and space.dtype == np.uint8 and len(space.shape) == 3


def _for_torch(space: gymnasium.Space) -> gymnasium.Space:
    if not _is_picture(space):
        return space
    height, width, channels = _shape(space)
    return Box(0, 255, (channels, height, width), np.uint8)


def _shape(space: gymnasium.Space) -> tuple[int, ...]:
    assert space.shape is not None
    return space.shape


class Features(BaseFeaturesExtractor):
    """Vectors as they are, and beside them what a small convolutional network says of each picture.

    Stable-Baselines3's own network takes no picture below 36 px. Here each layer halves the picture, from 16 channels
    to at most 64, until it is 4 px wide: three layers for 32 px, four for 64 px.
    """

    def __init__(self, space: gymnasium.spaces.Dict, image_features: int) -> None:
        shapes = {name: _shape(part) for name, part in space.spaces.items()}
        pictures = {name: shape for name, shape in shapes.items() if _is_picture(space[name])}
        widths = [image_features if name in pictures else int(np.prod(shape)) for name, shape in shapes.items()]
        super().__init__(space, sum(widths))
        self.pictures = nn.ModuleDict({name: _reader(shape, image_features) for name, shape in pictures.items()})

    def forward(self, observations: dict[str, Tensor]) -> Tensor:
        """Pictures (n, 3, H, W) from 0 to 1 and vectors (n, k) to (n, features_dim), in the order of the space.

        Acting hands them over in the environment's order, the rollout buffer in another.
        """
        parts = [
            self.pictures[name](observations[name]) if name in self.pictures else observations[name].flatten(1)
            for name in self._observation_space.spaces
        ]
        return torch.cat(parts, -1)


def _reader(shape: tuple[int, ...], features: int) -> nn.Sequential:
    channels, height, width = shape
    layers: list[nn.Module] = []
    wide = 16
    while min(height, width) > _SMALLEST:
        layers += [nn.Conv2d(channels, wide, 4, stride=2, padding=1), nn.ReLU()]
        channels, height, width, wide = wide, height // 2, width // 2, min(2 * wide, 64)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, features), nn.ReLU())
