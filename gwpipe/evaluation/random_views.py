"""What the random policy sees: the yardstick of what is usual in an environment's observations."""

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe.agents.agent import Mode
from gwpipe.evaluation.random_policy import RandomPolicy
from gwpipe.evaluation.rollouts import rollout
from gwpipe.seeding import derive


def random_views(env: gymnasium.Env, episodes: int, seed: int) -> dict[str, npt.NDArray[np.generic]]:
    """Every observation of `episodes` episodes on which the random policy acts, (N, …) by name."""
    watched = _Watching(env.action_space)
    rollout(watched, [env], episodes, derive(seed, "blanks"), "sample")
    return {name: np.concatenate(seen) for name, seen in watched.seen.items()}


class _Watching(RandomPolicy):
    """The random policy; keeps what it is shown."""

    def __init__(self, space: gymnasium.Space) -> None:
        super().__init__(space)
        self.seen: dict[str, list[npt.NDArray[np.generic]]] = {}

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        for name, value in observations.items():
            self.seen.setdefault(name, []).append(value)
        return super().act(observations, is_first, mode)
