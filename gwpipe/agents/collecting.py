"""A trained agent as the policy of a data set (Sect. III-B collects its expert data with a DreamerV3 of 100M)."""

from pathlib import Path

import gymnasium
import numpy as np
import torch

from gwpipe.agents.trained import Trained, load_agent
from gwpipe.errors import UserError
from gwpipe.layout import Place

SEEDS = 2**32


class TrainedPolicy:
    """Acts as the agent did in training, by samples; `action_noise` is added to continuous actions on top."""

    def __init__(self, trained: Trained, space: gymnasium.Space, action_noise: float) -> None:
        if action_noise and not isinstance(space, gymnasium.spaces.Box):
            raise UserError("action_noise is for continuous actions; leave it out where actions are chosen from a list")
        self._agent, self._space, self._noise = trained.agent, space, action_noise
        self._rng, self._is_first = np.random.default_rng(0), True

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode: all that the agent draws comes from a stream that `rng` chooses."""
        self._rng, self._is_first = rng, True
        self._agent.begin(1, seed=int(rng.integers(SEEDS)))

    def act(self, observation: dict[str, np.ndarray]) -> np.ndarray:
        """The action in the environment's form; the agent remembers what it saw since its first action."""
        shown = {name: np.asarray(value)[None] for name, value in observation.items()}
        action = self._agent.act(shown, np.array([self._is_first]))[0]
        self._is_first = False
        if self._noise:
            noisy = action + self._noise * self._rng.standard_normal(action.shape)
            action = np.clip(noisy, -1.0, 1.0).astype(np.float32)
        return np.asarray(action)


def load_policy(weights: Path, place: Place, env: gymnasium.Env, action_noise: float) -> TrainedPolicy:
    """The agent whose weights lie at `weights`, acting in `env`; in one thread, so that any process acts the same.

    Raises:
        UserError: weights or manifest are missing or damaged, or discrete actions are to be noisy.
    """
    torch.set_num_threads(1)
    return TrainedPolicy(load_agent(weights, place, env), env.action_space, action_noise)
