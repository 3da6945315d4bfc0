"""Zero-shot transfer: a policy trained on one domain acts on another, through the same workspace and unchanged.

A policy on the latents of one VAE alone knows no other domain, and shows only what its own is worth.
"""

from collections.abc import Iterator

import pandas as pd

from gwpipe.agents.agent import Actor
from gwpipe.agents.one_domain import OneDomain
from gwpipe.agents.trained import Trained
from gwpipe.evaluation.criterion import Criterion
from gwpipe.evaluation.means import above_random, share
from gwpipe.settings.methods import entry
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


def turned(trained: Trained) -> Iterator[tuple[str, Actor]]:
    """Every domain that the agent may act on, the one of its training first, and the agent that sees it.

    The agent serves one domain at a time, and is as it was after the last.
    """
    own = entry(trained.settings.method).only
    assert own is not None
    yield own, trained.agent
    seen = trained.representation
    if isinstance(seen, OneDomain):
        for domain in seen.whole.domains:
            if domain != own:
                seen.attend(domain)
                yield domain, trained.agent
        seen.attend(own)


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
