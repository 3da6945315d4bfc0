"""Means above random over episodes: what every figure of trained agents draws."""

import numpy as np
import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.studies.tidy import Row


def above_random(episodes: pd.DataFrame, criterion: Criterion) -> Row:
    """Mean return above random of all `episodes`, and its standard error over them, beside the criterion.

    All seeds play the same episodes, and where one fares badly the others often do: an episode counts once, by the mean
    over seeds. So the error is over episodes, as in the paper's ten runs, and says nothing of seeds that were not run.
    Where no criterion exists, nothing is said about it.
    """
    returns = episodes["return"].to_numpy(dtype=float) - criterion.random.mean
    of_episode = episodes.groupby("episode")["return"].mean().to_numpy(dtype=float)
    return {
        "env": criterion.env,
        "task": criterion.task,
        "mean": returns.mean(),
        "sem": of_episode.std(ddof=1) / np.sqrt(len(of_episode)),
        "above_criterion": None if criterion.threshold is None else bool(returns.mean() >= criterion.threshold),
        "criterion": criterion.threshold,
        "random": criterion.random.mean,
        "seeds": episodes["agent_seed"].nunique(),
        "episodes": len(returns),
        "scale": episodes["scale"].iloc[0],
        "seed": episodes["seed"].iloc[0],
    }


def share(mean: float, of: float) -> float | None:
    """`mean` over another mean above random; None where that one is no better than random."""
    return mean / of if of > 0 else None
