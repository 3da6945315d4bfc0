"""What the training loop and the evaluation ask of any agent."""

from typing import Any, Literal, Protocol

import numpy as np

from gwpipe.agents.timing import Row

Mode = Literal["sample", "greedy"]


class Actor(Protocol):
    """Anything that chooses actions: an agent, a random policy, a scripted one."""

    def begin(self, n: int, seed: int | None = None) -> None:
        """Fresh recurrent state for `n` environments; with `seed`, all draws come from a stream of that seed."""

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        """Actions (n, ...) for observations (n, ...); `is_first` (n,), bool, clears the state of an environment."""


class Agent(Actor, Protocol):
    """An actor that learns."""

    updates: int
    encoded_observations: int

    def compile(self) -> bool:
        """Translate the computations of updates into graphs; False where they are not the agent's own."""

    @property
    def ready(self) -> bool:
        """Has enough been observed for an update?"""

    def observe(self, row: Row, environment: int = 0) -> None:
        """Take in one row of the time table (`timing`) of one of the environments, after `act` on its observation.

        An episode's last row is observed without `act`.
        """

    def update(self) -> dict[str, float]:
        """Learn once; what was measured, by name.

        Raises:
            FloatingPointError: something measured is not a finite number; says which.
        """

    def weights(self) -> dict[str, Any]:
        """What acting needs, in the form of `state()`."""

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Act with such `weights()`."""

    def state(self) -> dict[str, Any]:
        """All that training goes on from after an episode: nested dicts and lists of tensors and plain numbers."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a `state()`."""
