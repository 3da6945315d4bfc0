"""The ablation in numbers: one row an episode, and means above random with their standard errors."""

import numpy as np
import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.studies.tidy import WHOSE, Column

COLUMNS = {
    "env": WHOSE["env"],
    "task": Column("string", "of the environment"),
    "method": Column("string", "that trained the agent"),
    "agent_seed": Column("Int64", "of that training"),
    "removed": Column("string", "modality that the agent acts without: `attributes`, `image` or `nothing`"),
    "episode": Column("Int64", "number; the same episode for every agent and condition"),
    "return": Column("Float64", "sum of rewards, nothing subtracted"),
    "success_count": Column("Int64", "decisions with success"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}

SUMMARY = (
    "env", "task", "method", "removed", "mean", "sem", "share_of_bimodal", "above_criterion", "criterion", "random",
    "seeds", "episodes", "scale", "seed",
)  # fmt: skip
"""`mean`, `sem`, `criterion`: return above random. `share_of_bimodal`: mean over that with nothing removed."""


def summary(episodes: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """One row a method and condition, in the order of `episodes`.

    The error is over all episodes of all seeds, as in the paper's ten runs; it says nothing of seeds that were not run.
    Where no criterion exists, nothing is said about it.
    """
    rows = []
    for (method, removed), found in episodes.groupby(["method", "removed"], sort=False):
        returns = found["return"].to_numpy(dtype=float) - criterion.random.mean
        bimodal = episodes[(episodes["method"] == method) & (episodes["removed"] == "nothing")]["return"]
        whole = float(bimodal.mean()) - criterion.random.mean
        rows.append(
            {
                "env": criterion.env,
                "task": criterion.task,
                "method": method,
                "removed": removed,
                "mean": returns.mean(),
                "sem": returns.std(ddof=1) / np.sqrt(len(returns)),
                "share_of_bimodal": returns.mean() / whole if whole > 0 else None,
                "above_criterion": None if criterion.threshold is None else bool(returns.mean() >= criterion.threshold),
                "criterion": criterion.threshold,
                "random": criterion.random.mean,
                "seeds": found["agent_seed"].nunique(),
                "episodes": len(returns),
                "scale": found["scale"].iloc[0],
                "seed": found["seed"].iloc[0],
            }
        )
    return pd.DataFrame(rows, columns=list(SUMMARY))
