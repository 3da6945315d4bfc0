"""Acting: a policy in an environment, episode by episode, each from a random stream of its own.

Of the data set's store nothing is known here, so a worker process starts without Zarr.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe.seeding import derive, numpy_generator
from gwpipe.settings.representation import SourceSettings

if TYPE_CHECKING:
    from gwpipe.data.episodes import Episode


class Policy(Protocol):
    """Chooses actions; scripted experts are policies too."""

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode, after the environment's reset; `rng` draws all that is random in it."""

    def act(self, observation: dict[str, np.ndarray]) -> Any:
        """The next action; `observation` is the environment's latest, which an expert does not need."""


class RandomPolicy:
    """Uniform over the action space; an action is kept for 1 to `hold` decisions, uniformly drawn."""

    def __init__(self, space: gymnasium.Space, hold: int = 1) -> None:
        self.space, self.hold = space, hold
        self.reset(np.random.default_rng(0))

    def reset(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left = 0

    def act(self, observation: object = None) -> Any:
        if not self._left:
            self._action = self._drawn()
            self._left = 1 if self.hold == 1 else int(self._rng.integers(1, self.hold, endpoint=True))
        self._left -= 1
        return self._action

    def _drawn(self) -> Any:
        if isinstance(self.space, gymnasium.spaces.Discrete):
            return self._rng.integers(self.space.n)
        assert isinstance(self.space, gymnasium.spaces.Box)
        return self._rng.uniform(self.space.low, self.space.high).astype(np.float32)


MakePolicy = Callable[[gymnasium.Env, float], Policy]
"""Makes a policy in an environment; the number is `action_noise`."""


def make_policy(env: gymnasium.Env, source: SourceSettings, make_agent: MakePolicy | None = None) -> Policy:
    """The policy of a data set.

    Raises:
        UserError: the task has no scripted expert.
    """
    if source.agent is not None:
        if make_agent is None:
            raise ValueError(f"policy {source.policy} is a trained agent; say with `make_agent` how it is made")
        return make_agent(env, source.action_noise)
    if source.policy == "random":
        return RandomPolicy(env.action_space, source.hold)
    # Experts import a simulator, which random data do not need.
    from gwpipe.experts.engine import make_expert

    return make_expert(env, source.action_noise)


class Actor:
    """One environment and one policy, which act out any episode of a data set.

    Args:
        make_env: makes the environment; called with `episode_decisions` where `source` sets it, else with nothing.
        source: policy, and what goes with it.
        seed: of the data set; episode k draws from the stream (seed, task, policy, k).
        make_agent: makes the policy, where that is a trained agent.

    Raises:
        UserError: the task has no scripted expert.
    """

    def __init__(
        self,
        make_env: Callable[..., gymnasium.Env],
        source: SourceSettings,
        seed: int,
        make_agent: MakePolicy | None = None,
    ) -> None:
        self._source, self._seed = source, seed
        decisions = {} if source.episode_decisions is None else {"episode_decisions": source.episode_decisions}
        self.env = make_env(**decisions)
        self.most_rows: int = self.env.unwrapped.episode_decisions + 1  # type: ignore[attr-defined]
        """Of an episode."""
        self._policy = make_policy(self.env, source, make_agent)
        self._explorer = RandomPolicy(self.env.action_space, source.hold)

    def __call__(self, numbers: range) -> list[Episode]:
        """The episodes of these numbers."""
        source = self._source
        return [
            _episode(
                self.env,
                self._policy,
                self._explorer,
                source,
                ("collect", self._seed, source.task, source.policy, number),
            )
            for number in numbers
        ]


def _episode(
    env: gymnasium.Env, policy: Policy, explorer: RandomPolicy, source: SourceSettings, stream: tuple[str | int, ...]
) -> Episode:
    """Act out one episode."""
    observation, _ = env.reset(seed=derive(*stream, "environment"), options=source.reset_options or None)
    rng = numpy_generator(*stream, "policy")
    prefix = int(rng.integers(source.random_prefix, endpoint=True))
    explorer.reset(rng)
    policy.reset(rng)
    nothing = np.zeros_like(np.asarray(explorer.act()))
    observations, rewards, successes = [observation], [0.0], [False]
    actions: list[Any] = []
    terminated = truncated = False
    while not (terminated or truncated):
        actions.append((explorer if len(actions) < prefix else policy).act(observation))
        observation, reward, terminated, truncated, info = env.step(actions[-1])
        observations.append(observation)
        rewards.append(float(reward))
        successes.append(bool(info.get("success", False)))
    last = np.arange(len(rewards)) == len(rewards) - 1
    episode: dict[str, npt.NDArray[Any]] = {
        name: np.stack([step[name] for step in observations]) for name in observation
    }
    return episode | {
        "action": np.stack([*actions, nothing]),
        "reward": np.array(rewards, np.float32),
        "is_first": np.arange(len(rewards)) == 0,
        "is_last": last,
        "is_terminal": last & terminated,
        "success": np.array(successes),
    }
