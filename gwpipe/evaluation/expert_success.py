"""How often a scripted expert solves its task, how soon, and for what return; beside the random policy."""

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pandas as pd

from gwpipe.evaluation.criterion import RandomReturns
from gwpipe.experts.engine import make_expert
from gwpipe.progress import Progress
from gwpipe.seeding import derive, numpy_generator

COLUMNS = (
    "task", "episodes", "decisions", "success_ever", "success_at_end", "median_first_success", "success_count",
    "return_mean", "return_se", "random_return_mean", "random_return_se", "random_episodes", "action_repeat", "scale",
)  # fmt: skip
"""Of `experts.csv`. Shares are of the episodes; `median_first_success` is a decision, from 1, of the episodes that
succeeded; `success_count` is the mean number of decisions with success; returns are sums over an episode."""


@dataclass(frozen=True)
class ExpertEpisodes:
    """One entry an episode: its return, the decisions with success, the first of them (from 1; None: never)."""

    returns: list[float]
    success_counts: list[int]
    first_successes: list[int | None]
    successes_at_end: list[bool]
    decisions: int


def play_expert(
    make_env: Callable[[], gymnasium.Env], episodes: int, seed: int, progress: Progress | None = None
) -> ExpertEpisodes:
    """Play the expert of the environment's task, without noise, from starts derived from (seed, "expert", k).

    Data sets are collected from ("collect", …) and agents play from other streams, so all starts are new.

    Raises:
        UserError: the task has no expert.
    """
    env = make_env()
    expert = make_expert(env)
    returns: list[float] = []
    told: list[list[bool]] = []
    for k in range(episodes):
        env.reset(seed=derive(seed, "expert", k))
        expert.reset(numpy_generator(seed, "expert", k, "policy"))
        total, successes, ended = 0.0, list[bool](), False
        while not ended:
            _, reward, terminated, truncated, info = env.step(expert.act())
            total += float(reward)
            successes.append(bool(info["success"]))
            ended = terminated or truncated
        returns.append(total)
        told.append(successes)
        if progress is not None:
            progress.update()
    env.close()
    return ExpertEpisodes(
        returns=returns,
        success_counts=[sum(successes) for successes in told],
        first_successes=[successes.index(True) + 1 if any(successes) else None for successes in told],
        successes_at_end=[successes[-1] for successes in told],
        decisions=len(told[0]),
    )


def expert_frame(
    measured: Mapping[str, tuple[ExpertEpisodes, RandomReturns]], action_repeat: int, scale: str
) -> pd.DataFrame:
    """The table, a row a task, with `COLUMNS`."""
    rows: list[dict[str, Any]] = []
    for task, (played, by_chance) in measured.items():
        first = [decision for decision in played.first_successes if decision is not None]
        episodes = len(played.returns)
        rows.append(
            {
                "task": task,
                "episodes": episodes,
                "decisions": played.decisions,
                "success_ever": len(first) / episodes,
                "success_at_end": sum(played.successes_at_end) / episodes,
                "median_first_success": statistics.median(first) if first else None,
                "success_count": float(np.mean(played.success_counts)),
                "return_mean": float(np.mean(played.returns)),
                "return_se": float(np.std(played.returns, ddof=1)) / math.sqrt(episodes),
                "random_return_mean": by_chance.mean,
                "random_return_se": by_chance.se,
                "random_episodes": by_chance.episodes,
                "action_repeat": action_repeat,
                "scale": scale,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def expert_markdown(frame: pd.DataFrame) -> str:
    """The same for a reader."""
    head = frame.iloc[0]
    lines = [
        "# Scripted experts of RoboDesk",
        "",
        f"{head['episodes']} episodes a task of {head['decisions']} decisions, action repeat {head['action_repeat']}; "
        f"the random policy {head['random_episodes']}. Means ± standard errors. Scale **{head['scale']}**.",
        "",
        "| task | success | at the end | first success (median decision) | decisions with success | return | random |",
        "|---|---|---|---|---|---|---|",
    ]
    for _, row in frame.iterrows():
        first = "–" if pd.isna(row["median_first_success"]) else f"{row['median_first_success']:.0f}"
        lines.append(
            f"| {row['task']} | {row['success_ever']:.0%} | {row['success_at_end']:.0%} | {first} "
            f"| {row['success_count']:.0f} | {row['return_mean']:.0f} ± {row['return_se']:.0f} "
            f"| {row['random_return_mean']:.0f} ± {row['random_return_se']:.0f} |"
        )
    return "\n".join(lines) + "\n"
