"""What makes the workspace's state of the weighted sum of its domains: tanh in the paper, or something else."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.errors import UserError, nearest


class Activation(NamedTuple):
    """One way from Σ α_d z_d (B, dim) to the state z (B, dim)."""

    of: Callable[[Tensor], Tensor]
    bounded: bool
    """Does every entry of z lie in [−1, 1]?"""


def _same(mixed: Tensor) -> Tensor:
    return mixed


def _layer_norm(mixed: Tensor) -> Tensor:
    """Each row with mean 0 and variance 1 over its entries; nothing is learnt."""
    return functional.layer_norm(mixed, mixed.shape[-1:])


def _unit(mixed: Tensor) -> Tensor:
    """Each row of length 1, as the contrastive loss sees representations."""
    return functional.normalize(mixed, dim=-1)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(torch.tanh, True),
    "identity": Activation(_same, False),
    "layer_norm": Activation(_layer_norm, False),
    "unit": Activation(_unit, True),
}
"""Name in settings and in stored descriptions → what it does. A new one is a line here and a name in the settings."""


def activation(name: str) -> Activation:
    """The activation called `name`.

    Raises:
        UserError: there is none; the nearest is named.
    """
    if name not in ACTIVATIONS:
        raise UserError(f"a workspace has no activation '{name}'{nearest(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]
