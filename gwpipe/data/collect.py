"""Collection: one policy acts in one environment until enough rows are stored.

Episode k draws everything random from a seed of its own, so a collection that was killed continues with the episode it
had not finished and ends with the same bytes as one that was not.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe.data.episodes import Episode, EpisodeWriter, fields_of
from gwpipe.progress import Progress
from gwpipe.seeding import derive, numpy_generator
from gwpipe.settings.representation import SourceSettings


class Policy(Protocol):
    """Chooses actions; scripted experts are policies too."""

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode, after the environment's reset; `rng` draws all that is random in it."""

    def act(self) -> Any:
        """The next action."""


class RandomPolicy:
    """Uniform over the action space."""

    def __init__(self, space: gymnasium.Space) -> None:
        self.space = space
        self._rng = np.random.default_rng(0)

    def reset(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def act(self) -> Any:
        if isinstance(self.space, gymnasium.spaces.Discrete):
            return self._rng.integers(self.space.n)
        assert isinstance(self.space, gymnasium.spaces.Box)
        return self._rng.uniform(self.space.low, self.space.high).astype(np.float32)


def make_policy(env: gymnasium.Env, source: SourceSettings) -> Policy:
    """The policy of a data set.

    Raises:
        UserError: the task has no scripted expert.
    """
    if source.policy == "random":
        return RandomPolicy(env.action_space)
    # Experts import a simulator, which random data do not need.
    from gwpipe.experts.engine import make_expert

    return make_expert(env, source.action_noise)


def collect(
    make_env: Callable[..., gymnasium.Env],
    source: SourceSettings,
    seed: int,
    path: Path,
    scratch: Path,
    identity: str = "",
) -> dict[str, float]:
    """Collect `source.rows` rows or, to finish the last episode, a few more, into a new store at `path`.

    Args:
        make_env: makes the environment; called with `episode_decisions` where `source` sets it, else with nothing.
        source: policy, rows and what goes with them.
        seed: of the data set; episode k draws from the stream (seed, task, policy, k).
        path: the store; replaced if it exists.
        scratch: folder for the unfinished store; what a killed collection left there is continued.
        identity: says whose unfinished store it is.

    Returns:
        `rows` and `episodes` of the store.

    Raises:
        UserError: the task has no scripted expert.
    """
    env = make_env() if source.episode_decisions is None else make_env(episode_decisions=source.episode_decisions)
    policy, explorer = make_policy(env, source), RandomPolicy(env.action_space)
    writer = EpisodeWriter(scratch, fields_of(env), identity)
    with Progress(source.rows, "row", "collect", done=writer.rows) as progress:
        while writer.rows < source.rows:
            stream = ("collect", seed, source.task, source.policy, writer.next_episode)
            before = writer.rows
            writer.add(_episode(env, policy, explorer, source.random_prefix, stream))
            progress.update(writer.rows - before)
    episodes = writer.next_episode
    rows = writer.finish(path, {"task": source.task, "policy": source.policy, "seed": seed})
    env.close()
    return {"rows": rows, "episodes": episodes}


def _episode(
    env: gymnasium.Env, policy: Policy, explorer: RandomPolicy, random_prefix: int, stream: tuple[str | int, ...]
) -> Episode:
    """Act out one episode."""
    observation, _ = env.reset(seed=derive(*stream, "environment"))
    rng = numpy_generator(*stream, "policy")
    prefix = int(rng.integers(random_prefix, endpoint=True))
    explorer.reset(rng)
    policy.reset(rng)
    nothing = np.zeros_like(np.asarray(explorer.act()))
    observations, rewards, successes = [observation], [0.0], [False]
    actions: list[Any] = []
    terminated = truncated = False
    while not (terminated or truncated):
        actions.append((explorer if len(actions) < prefix else policy).act())
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
