"""The ablation in numbers: one row an episode, and means above random with their standard errors."""

import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
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
    """One row a method and condition, in the order of `episodes` (`means.above_random` says over what)."""
    rows = []
    for (method, removed), found in episodes.groupby(["method", "removed"], sort=False):
        bimodal = episodes[(episodes["method"] == method) & (episodes["removed"] == "nothing")]["return"]
        measured = above_random(found, criterion)
        whole = share(measured["mean"], float(bimodal.mean()) - criterion.random.mean)
        rows.append({**measured, "method": method, "removed": removed, "share_of_bimodal": whole})
    return pd.DataFrame(rows, columns=list(SUMMARY))
