"""Episodes played by any actor, for measuring alone: nothing is learned and nothing of training is touched."""

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium
import numpy as np

from gwpipe.agents.agent import Actor, Mode
from gwpipe.seeding import derive
from gwpipe.settings.agents import EvaluationSettings


@dataclass(frozen=True)
class Rollout:
    """One entry an episode: sum of rewards, decisions with `info["success"]`, decisions."""

    returns: list[float]
    success_counts: list[int]
    lengths: list[int]


def rollout(actor: Actor, env: gymnasium.Env, episodes: int, seed: int, mode: Mode) -> Rollout:
    """Play `episodes` episodes; episode k starts from the seed derived from (seed, "evaluation", k).

    Training resets from ("episode", k), so no episode of an evaluation is one of training.

    Args:
        mode: "greedy" takes the likeliest action, "sample" draws from the policy, from a stream of `seed`.
    """
    returns: list[float] = []
    success_counts: list[int] = []
    lengths: list[int] = []
    actor.begin(1, seed=derive(seed, "evaluation", "actions"))
    for k in range(episodes):
        observation, _ = env.reset(seed=derive(seed, "evaluation", k))
        total, successes, length, ended = 0.0, 0, 0, False
        while not ended:
            batch = {name: np.asarray(value)[None] for name, value in observation.items()}
            action = actor.act(batch, np.array([length == 0]), mode)[0]
            observation, reward, terminated, truncated, info = env.step(action)
            total += float(reward)
            successes += bool(info.get("success", False))
            length += 1
            ended = terminated or truncated
        returns.append(total)
        success_counts.append(successes)
        lengths.append(length)
    return Rollout(returns, success_counts, lengths)


def evaluator(env: gymnasium.Env, settings: EvaluationSettings, seed: int) -> Callable[[Actor, int], dict[str, float]]:
    """A measure for the training loop: mean `eval_return` over fresh episodes in `env`, which nothing else may use.

    Every evaluation of a run plays the same episodes, so that its points differ by the agent alone. Whoever made `env`
    closes it after the last one.
    """

    def evaluate(actor: Actor, env_steps: int) -> dict[str, float]:
        played = rollout(actor, env, settings.episodes, seed, settings.mode)
        return {"eval_return": float(np.mean(played.returns))}

    return evaluate
