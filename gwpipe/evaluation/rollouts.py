"""Episodes played by any actor, for measuring alone: nothing is learned and nothing of training is touched."""

from collections.abc import Callable, Sequence
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


def rollout(actor: Actor, envs: Sequence[gymnasium.Env], episodes: int, seed: int, mode: Mode) -> Rollout:
    """Play `episodes` episodes; episode k starts from the seed derived from (seed, "evaluation", k).

    Training resets from ("episode", k), so no episode of an evaluation is one of training.

    Args:
        envs: alike; so many episodes are played side by side, and the actor decides for all of them at once. One whose
            episode has ended waits for the others and is shown its last observation.
        mode: "greedy" takes the likeliest action, "sample" draws from the policy, from a stream of `seed`.
    """
    returns, successes, lengths = [0.0] * episodes, [0] * episodes, [0] * episodes
    actor.begin(len(envs), seed=derive(seed, "evaluation", "actions"))
    for first in range(0, episodes, len(envs)):
        played = {at: first + at for at in range(min(len(envs), episodes - first))}
        shown = [envs[at].reset(seed=derive(seed, "evaluation", episode))[0] for at, episode in played.items()]
        shown += [shown[-1]] * (len(envs) - len(shown))
        begins = True
        while played:
            batch = {name: np.stack([np.asarray(observation[name]) for observation in shown]) for name in shown[0]}
            actions = actor.act(batch, np.full(len(envs), begins), mode)
            begins = False
            for at, episode in list(played.items()):
                shown[at], reward, terminated, truncated, info = envs[at].step(actions[at])
                returns[episode] += float(reward)
                successes[episode] += bool(info.get("success", False))
                lengths[episode] += 1
                if terminated or truncated:
                    del played[at]
    return Rollout(returns, successes, lengths)


def evaluator(env: gymnasium.Env, settings: EvaluationSettings, seed: int) -> Callable[[Actor, int], dict[str, float]]:
    """A measure for the training loop: mean `eval_return` over fresh episodes in `env`, which nothing else may use.

    Every evaluation of a run plays the same episodes, so that its points differ by the agent alone. Whoever made `env`
    closes it after the last one.
    """

    def evaluate(actor: Actor, env_steps: int) -> dict[str, float]:
        played = rollout(actor, [env], settings.episodes, seed, settings.mode)
        return {"eval_return": float(np.mean(played.returns))}

    return evaluate
