"""The one table of time indices; replay, world model, imagination and agent all follow it.

| what                   | at index t                                                                              |
|------------------------|-----------------------------------------------------------------------------------------|
| stored row t           | z_t = z(obs_t), a_t chosen at obs_t (zeros in an episode's last row), r_t received on   |
|                        | arriving at obs_t (0 in the first row), is_first, is_last, is_terminal of obs_t         |
| the GRU consumes       | (h_t, z_t, a_t) → h_{t+1}; h_t = 0 where is_first_t                                     |
| the heads predict      | from h_{t+1}: ẑ_{t+1}; from [h_{t+1}, z_{t+1}]: r̂_{t+1} and d̂_{t+1}                     |
| the actor reads        | at obs_t: h_t ("h", the paper's Sect. II-C and input widths) or [h_t, z_t] ("hz")       |
| imagined step k        | a_k from state k; state k+1 is (h_{k+1}, ẑ_{k+1}); reward k, done k of *arriving* there |

With "h" the action a_t never sees z_t: h_t has consumed z_{t-1} at most. In a chunk of L+1 rows there are L steps
t → t+1. A step out of an episode's last row leads into another episode: it is masked. The time limit sets is_last
alone, so d is 0 there and the value of the last state is still bootstrapped; d is 1 on arriving at a terminal row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:  # counting updates takes no tensor, and importing torch takes seconds
    from torch import Tensor

ActorReads = Literal["h", "hz"]


@dataclass(frozen=True)
class Row:
    """One row of the table as the training loop hands it to the agent; `observation` has no batch axis."""

    observation: dict[str, np.ndarray]
    action: np.ndarray | int | None
    """Chosen at this observation; None in an episode's last row."""
    reward: float
    is_first: bool
    is_last: bool
    is_terminal: bool

    @property
    def scalars(self) -> dict[str, float | bool]:
        """Its columns that are no vectors: `reward`, `is_first`, `is_last`, `is_terminal`."""
        return {name: getattr(self, name) for name in ("reward", "is_first", "is_last", "is_terminal")}


class Steps(NamedTuple):
    """The L steps t → t+1 of a chunk of L+1 rows; every tensor is (B, L, ...)."""

    z: Tensor
    action: Tensor
    is_first: Tensor
    next_z: Tensor
    next_reward: Tensor
    next_done: Tensor
    valid: Tensor
    """1 where the step stays in one episode, else 0."""


def steps(chunk: dict[str, Tensor]) -> Steps:
    """Pair each row with what followed it.

    Args:
        chunk: `z` (B, L+1, Z), `action` (B, L+1, A), `reward`, `is_first`, `is_last`, `is_terminal` (B, L+1).
    """
    return Steps(
        z=chunk["z"][:, :-1],
        action=chunk["action"][:, :-1],
        is_first=chunk["is_first"][:, :-1],
        next_z=chunk["z"][:, 1:],
        next_reward=chunk["reward"][:, 1:],
        next_done=chunk["is_terminal"][:, 1:].to(chunk["z"].dtype),
        valid=(~chunk["is_last"][:, :-1]).to(chunk["z"].dtype),
    )


def actor_input(h: Tensor, z: Tensor, reads: ActorReads) -> Tensor:
    """What actor and critic see of the state (h (..., H), z (..., Z))."""
    import torch

    return h if reads == "h" else torch.cat([h, z], -1)


def updates_due(before: int, after: int, prefill: int, env_steps_per_update: int) -> int:
    """Updates that fall due while the environment steps go from `before` to `after`.

    One falls due at each multiple of `env_steps_per_update` beyond `prefill`. That key is what the paper's Table XVII
    calls train ratio: 4 in Simple Shapes and, as Table I implies, 8 in RoboDesk.
    """
    return after // env_steps_per_update - max(before, min(prefill, after)) // env_steps_per_update
