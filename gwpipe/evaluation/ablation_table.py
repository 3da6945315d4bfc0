"""The ablation in numbers: one row an episode, and means above random with their standard errors."""

import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
from gwpipe.evaluation.played import columns
from gwpipe.studies.tidy import Column

COLUMNS = columns(
    removed=Column("string", "modality that the agent acts without: `attributes`, `image` or `nothing`"),
)

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
