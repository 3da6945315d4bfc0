"""Noise in numbers: one row an episode, and means above random with their standard errors."""

import pandas as pd

from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
from gwpipe.evaluation.played import columns
from gwpipe.settings.noise import KINDS
from gwpipe.studies.tidy import Column, Row

COLUMNS = columns(
    weights=Column("string", "what chose the fusion weights: `as_trained`, `told`, `untold_equal`, `untold_learned`"),
    rule=Column("string", "the learned rule that chose; empty where none did"),
    disturbed=Column("string", "modality: `attributes`, `image` or `nothing`"),
    kind=Column("string", "of noise; `none`, or `any` where the agent is told and does not look"),
    strength=Column("Float64", "of the noise, in the unit of its kind; empty where the kind is `any`"),
)

SUMMARY = (
    "env", "task", "method", "weights", "rule", "disturbed", "kind", "strength", "unit", "mean", "sem",
    "share_of_clean", "above_criterion", "criterion", "random", "seeds", "episodes", "scale", "seed",
)  # fmt: skip
"""`mean`, `sem`, `criterion`: return above random. `share_of_clean`: mean over that of the same agents, their weights
those of their training, with nothing disturbed."""

_CONDITION = ["method", "weights", "rule", "disturbed", "kind", "strength"]
_UNTOUCHED = ("as_trained", "untold_equal")


def summary(episodes: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """One row a method and condition, in the order of `episodes` (`means.above_random` says over what).

    `rule` is an empty string where none chose.
    """
    episodes = episodes.assign(rule=episodes["rule"].astype(object).fillna(""))
    clean = episodes[(episodes["disturbed"] == "nothing") & episodes["weights"].isin(_UNTOUCHED)]
    best = {method: above_random(found, criterion)["mean"] for method, found in clean.groupby("method")}
    rows = []
    for condition, found in episodes.groupby(_CONDITION, sort=False, dropna=False):
        labels: Row = dict(zip(_CONDITION, condition))
        measured = above_random(found, criterion)
        kind = KINDS.get(labels["disturbed"], {}).get(labels["kind"])
        labels |= {
            "unit": kind.unit if kind else None,
            "share_of_clean": share(measured["mean"], best[labels["method"]]),
        }
        rows.append(measured | labels)
    return pd.DataFrame(rows, columns=list(SUMMARY))
