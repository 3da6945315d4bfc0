"""World models in numbers: errors of what they expect, by steps since the last observation, in units of the world."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gwpipe.agents.agent import Agent
from gwpipe.errors import UserError
from gwpipe.evaluation.open_loop import SOURCES, expect
from gwpipe.evaluation.watched import Episode
from gwpipe.settings.comparison_stages import ERRORS
from gwpipe.settings.environments import EnvironmentName
from gwpipe.studies.tidy import WHOSE, Column, Row

COLUMNS = {
    "env": WHOSE["env"],
    "task": Column("string", "of the environment"),
    "method": Column("string", "that trained the agent"),
    "agent_seed": Column("Int64", "of that training"),
    "acting": Column("string", "whose actions are dreamt: agent, the same agent's; random, episodes alike for all"),
    "step": Column("Int64", "k: decisions since the last observation; errors are of the row that the k-th led to"),
    "quantity": Column("string", "what of the attributes, or `reward`: on arriving"),
    "unit": Column("string", "of the errors"),
    "statistic": Column("string", "over the rows: mean or median"),
    "world_model": Column("Float64", "error of the dream"),
    "representation": Column(
        "Float64", "error of the row itself, encoded and decoded: what a perfect dream would have"
    ),
    "standstill": Column("Float64", "error of the start in place of the row: what a dream without change would have"),
    "rows": Column("Int64", "dreams whose k-th row lies in the episode"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}

Numbers = npt.NDArray[np.float64]
Quantity = tuple[str, str]
"""What is measured, and its unit."""

REWARD: Quantity = ("reward", "reward")
SHARE = "%"
"""Unit of what is either wrong or not, which has no median."""
STATISTICS: dict[str, Callable[[Numbers], float]] = {
    "mean": lambda errors: float(errors.mean()),
    "median": lambda errors: float(np.median(errors)),
}


def errors_of(env: EnvironmentName) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], dict[Quantity, Numbers]]:
    """Errors (N,) by quantity of attributes (N, A) of an environment: (found, true) → errors."""
    measure: Callable[..., dict[Quantity, Numbers]] = importlib.import_module(ERRORS[env]).errors
    return measure


def rows(
    agent: Agent,
    episodes: Sequence[Episode],
    env: EnvironmentName,
    context: int,
    every: int,
    decodes: bool,
    generator: torch.Generator,
) -> Iterator[Row]:
    """One row a step, quantity and statistic (`COLUMNS`), over all dreams of all episodes.

    Raises:
        UserError: no episode goes on after its context, or the attributes that z is decoded to are not all of the
            environment's.
    """
    long = [episode for episode in episodes if len(episode.actions) > max(context, 1)]
    if not long:
        most = max(len(episode.actions) for episode in episodes)
        raise UserError(
            f"no dream fits into episodes of at most {most} decisions after a context of {context}; set "
            f"environments.{env}.agents.open_loop.context lower or open_loop.episodes higher"
        )
    parts = [errors(agent, episode, env, context, every, decodes, generator) for episode in long]
    for quantity, unit in parts[0]:
        sources = {
            source: np.concatenate([part[quantity, unit][source] for part in parts]) for source in SOURCES
        }  # (N, K), no number where the episode had ended
        for k in range(sources[SOURCES[0]].shape[1]):
            inside = {source: error[:, k][~np.isnan(error[:, k])] for source, error in sources.items()}
            count = len(inside[SOURCES[0]])
            for statistic, of in STATISTICS.items():
                if count and not (statistic == "median" and unit == SHARE):
                    yield {
                        "step": k + 1,
                        "quantity": quantity,
                        "unit": unit,
                        "statistic": statistic,
                        **{source: of(error) for source, error in inside.items()},
                        "rows": count,
                    }


def errors(
    agent: Agent,
    episode: Episode,
    env: EnvironmentName,
    context: int,
    every: int,
    decodes: bool,
    generator: torch.Generator,
) -> dict[Quantity, dict[str, Numbers]]:
    """Quantity → source → errors (N, K) of an episode's dreams, NaN beyond its end; see `open_loop.expect`."""
    where, attributes, rewards = expect(agent, episode, context, every, decodes, generator)
    shape, later = where.inside.shape, where.later.numpy()
    found: dict[Quantity, dict[str, Numbers]] = {}
    for source, vectors in attributes.items():
        true = episode.observations["attributes"][later]
        flat = errors_of(env)(vectors.flatten(0, 1).cpu().numpy(), true.reshape(-1, true.shape[-1]))
        for quantity, error in flat.items():
            found.setdefault(quantity, {})[source] = np.where(where.inside, error.reshape(shape), np.nan)
    for source, expected in rewards.items():
        off = np.abs(expected.cpu().numpy().astype(np.float64) - episode.rewards[later])
        found.setdefault(REWARD, {})[source] = np.where(where.inside, off, np.nan)
    return found
