"""Transfer in numbers: one row an episode, and means above random with their standard errors."""

import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
from gwpipe.evaluation.played import columns
from gwpipe.studies.tidy import Column

COLUMNS = columns(
    trained_on=Column("string", "the one domain that the agent saw in training"),
    acting_on=Column("string", "the one domain that it sees here"),
)

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
