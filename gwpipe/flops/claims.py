"""The paper's sentences on efficiency, recomputed from the printed cells and from our counts at paper scale.

From ours means: counted operations per update × the updates that text and Tables VI, X give (`paper.training`). The
paper prints no updates for several tasks, so every task is taken to cost what push_green costs, and Dreamer 40M as many
updates as Dreamer 12M. A figure agrees with its sentence if it is within `TOLERANCE` of it, or above 1 where the
sentence only says "more".
"""

from collections.abc import Callable
from typing import Any

from gwpipe.flops import paper
from gwpipe.flops.costs import Counts
from gwpipe.flops.table1 import flops_per_update

COLUMNS = (
    "id", "section", "sentence", "paper_figure", "from_printed_cells", "verdict_printed_cells", "from_ours",
    "verdict_ours", "comment",
)  # fmt: skip

TOLERANCE = 0.15
"""Share by which a recomputed figure may miss the sentence's: it is rounded to one digit there."""

TASKS = {"rl_1_task": 1, "rl_6_tasks": 6, "rl_4_extra_tasks": 4}

Cost = Callable[[str, str], float]
"""(model, component) → operations."""


def printed(model: str, component: str) -> float:
    """A cell of Table I as printed.

    Raises:
        KeyError: the cell is N/A or X.
    """
    flops = paper.table1()[model, component].flops
    if flops is None:
        raise KeyError(f"Table I prints no number for {model}, {component}")
    return flops


def ours(counts: Counts) -> Cost:
    """The cells as we compute them at the paper's scale; `counts` must be those of RoboDesk."""

    def cost(model: str, component: str) -> float:
        tasks = TASKS.get(component, 1)
        counted = "rl_1_task" if component in TASKS else component
        same = "dreamer_12m" if model == "dreamer_40m" else model
        updates = paper.training()[counts.env, same, counted].updates
        per_update = flops_per_update(model, component, counts.paper)
        if updates is None or per_update is None:
            raise KeyError(f"the paper implies no updates for {model}, {component}")
        return float(tasks * updates * per_update)

    return cost


def _gw(cost: Cost) -> float:
    return cost("gw_dreamer", "gw")


def _gw_and_vaes(cost: Cost) -> float:
    return cost("gw_dreamer", "vae") + _gw(cost)


def _six_with_gw(cost: Cost) -> float:
    return _gw(cost) + cost("gw_dreamer", "rl_6_tasks")


def _six_with_all(cost: Cost) -> float:
    return _gw_and_vaes(cost) + cost("gw_dreamer", "rl_6_tasks")


def _break_even(cost: Cost, representation: float, dreamer: str, tasks: str) -> float | None:
    """Tasks at which cheaper learning has saved what the representation cost; None: it saves nothing."""
    saving = (cost(dreamer, tasks) - cost("gw_dreamer", tasks)) / TASKS[tasks]
    return representation / saving if saving > 0 else None


FIGURES: dict[str, Callable[[Cost], float | None]] = {
    "half_of_dreamer_12m": lambda c: _six_with_gw(c) / c("dreamer_12m", "rl_6_tasks"),
    "60_times_below_dreamer_40m": lambda c: c("dreamer_40m", "rl_6_tasks") / _six_with_gw(c),
    "6_times_below_dreamer_40m": lambda c: c("dreamer_40m", "rl_6_tasks") / _six_with_all(c),
    "2_times_on_extra_tasks": lambda c: c("dreamer_12m", "rl_4_extra_tasks") / c("gw_dreamer", "rl_4_extra_tasks"),
    "75_times_on_extra_tasks": lambda c: c("dreamer_40m", "rl_4_extra_tasks") / c("gw_dreamer", "rl_4_extra_tasks"),
    "fewest_on_one_task": lambda c: c("dreamer_12m", "rl_1_task") / c("gw_dreamer", "rl_1_task"),
    "more_with_gw_on_one_task": lambda c: (_gw(c) + c("gw_dreamer", "rl_1_task")) / c("dreamer_12m", "rl_1_task"),
    "with_vaes_against_dreamer_12m": lambda c: _six_with_all(c) / c("dreamer_12m", "rl_6_tasks"),
    "tasks_to_pay_for_gw": lambda c: _break_even(c, _gw(c), "dreamer_12m", "rl_6_tasks"),
    "tasks_to_pay_for_gw_and_vaes": lambda c: _break_even(c, _gw_and_vaes(c), "dreamer_12m", "rl_6_tasks"),
    "tasks_to_pay_against_dreamer_40m": lambda c: _break_even(c, _gw_and_vaes(c), "dreamer_40m", "rl_6_tasks"),
    "extra_tasks_to_pay_for_gw_and_vaes": lambda c: _break_even(c, _gw_and_vaes(c), "dreamer_12m", "rl_4_extra_tasks"),
}
"""Sentence (`paper.sentences`) → its figure."""


def claim_rows(counts: Counts) -> list[dict[str, Any]]:
    """Rows of `results/claims_flops.csv` (`COLUMNS`), in the paper's order, then what the paper does not say.

    Args:
        counts: those of the environment of the printed Table I.
    """
    rows = []
    for claim in paper.sentences():
        figures = {source: FIGURES[claim.id](cost) for source, cost in (("printed", printed), ("ours", ours(counts)))}
        rows.append(
            {
                "id": claim.id,
                "section": claim.section,
                "sentence": claim.sentence,
                "paper_figure": claim.figure,
                "from_printed_cells": figures["printed"],
                "verdict_printed_cells": _verdict(claim, figures["printed"]),
                "from_ours": figures["ours"],
                "verdict_ours": _verdict(claim, figures["ours"]),
                "comment": claim.comment,
            }
        )
    return rows


def _verdict(claim: paper.Sentence, figure: float | None) -> str:
    if not claim.section:
        return "not said" if figure is not None else "never"
    if figure is None:
        return "differs"
    agrees = abs(figure / claim.figure - 1) <= TOLERANCE if claim.figure is not None else figure > 1
    return "agrees" if agrees else "differs"
