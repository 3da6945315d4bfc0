"""Trained agents on the episodes that all of their comparisons share."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import gymnasium

from gwpipe.agents.agent import Actor
from gwpipe.evaluation.rollouts import rollout
from gwpipe.seeding import derive
from gwpipe.studies.tidy import Row


def play(
    actor: Actor,
    envs: Sequence[gymnasium.Env],
    episodes: int,
    mode: Literal["sample", "greedy"],
    seed: int,
    labels: Mapping[str, Any],
) -> list[Row]:
    """One row an episode: `labels`, its number, its return, its decisions with success.

    The episodes are the same for every agent, condition and stage, and none of training; `envs` play them side by side.
    """
    found = rollout(actor, envs, episodes, derive(seed, "ablate"), mode)
    return [
        {**labels, "episode": episode, "return": total, "success_count": successes}
        for episode, (total, successes) in enumerate(zip(found.returns, found.success_counts))
    ]
