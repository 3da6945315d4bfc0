"""The uniformly random policy: what every return is measured against."""

import math
from collections.abc import Callable

import gymnasium
import numpy as np

from gwpipe.agents.agent import Mode
from gwpipe.evaluation.criterion import RandomReturns
from gwpipe.evaluation.rollouts import rollout
from gwpipe.progress import Progress
from gwpipe.seeding import derive


class RandomPolicy:
    """Draws every action uniformly from the action space, whatever the mode."""

    def __init__(self, space: gymnasium.Space) -> None:
        self.space = space
        self._n = 1

    def begin(self, n: int, seed: int | None = None) -> None:
        """Act for `n` environments from now on; with `seed`, from a fresh stream."""
        self._n = n
        if seed is not None:
            self.space.seed(seed % 2**32)

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        """(n, ...) actions."""
        return np.stack([self.space.sample() for _ in range(self._n)])


def random_return(
    make_env: Callable[[], gymnasium.Env], episodes: int, seed: int, progress: Progress | None = None
) -> RandomReturns:
    """Mean return of the random policy and its standard error over `episodes` (≥ 2) episodes.

    It never looks, so `make_env` should leave the picture out (`observe=("attributes",)`).
    """
    env = make_env()
    policy = RandomPolicy(env.action_space)
    returns: list[float] = []
    for k in range(episodes):
        returns += rollout(policy, [env], 1, derive(seed, "random_policy", k), "sample").returns
        if progress is not None:
            progress.update()
    env.close()
    return RandomReturns(float(np.mean(returns)), float(np.std(returns, ddof=1)) / math.sqrt(episodes), episodes)
