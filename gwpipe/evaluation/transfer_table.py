"""Transfer in numbers: one row an episode, and means above random with their standard errors."""

import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
from gwpipe.studies.tidy import WHOSE, Column

COLUMNS = {
    "env": WHOSE["env"],
    "task": Column("string", "of the environment"),
    "method": Column("string", "that trained the agent"),
    "agent_seed": Column("Int64", "of that training"),
    "trained_on": Column("string", "the one domain that the agent saw in training"),
    "acting_on": Column("string", "the one domain that it sees here"),
    "episode": Column("Int64", "number; the same episode for every agent and domain"),
    "return": Column("Float64", "sum of rewards, nothing subtracted"),
    "success_count": Column("Int64", "decisions with success"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}

SUMMARY = (
    "env", "task", "method", "trained_on", "acting_on", "mean", "sem", "share_of_own", "above_criterion", "criterion",
    "random", "seeds", "episodes", "scale", "seed",
)  # fmt: skip
"""`mean`, `sem`, `criterion`: return above random. `share_of_own`: mean over that on the domain of training."""


def summary(episodes: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """One row a method and domain acted on, in the order of `episodes` (`means.above_random` says over what)."""
    rows = []
    for (method, trained_on, acting_on), found in episodes.groupby(["method", "trained_on", "acting_on"], sort=False):
        own = episodes[(episodes["method"] == method) & (episodes["acting_on"] == trained_on)]["return"]
        measured = above_random(found, criterion)
        labels = {"method": method, "trained_on": trained_on, "acting_on": acting_on}
        of_own = share(measured["mean"], float(own.mean()) - criterion.random.mean)
        rows.append({**measured, **labels, "share_of_own": of_own})
    return pd.DataFrame(rows, columns=list(SUMMARY))
