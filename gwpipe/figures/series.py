"""Means over seeds with their standard errors, as lines and as points: what the figures of small workspaces share."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

SEED = "workspace_seed"


def over_seeds(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean of `value` and its standard error over seeds, for each combination of the columns `by`, in their order.

    Rows of one seed and combination (the routes of one workspace, say) are averaged first. One seed has no error: 0.
    """
    values = frame.assign(value=frame["value"].astype(float))
    of_seed = values.groupby([*by, SEED], sort=False, dropna=False)["value"].mean()
    grouped = of_seed.groupby(level=by, sort=False, dropna=False)
    return pd.DataFrame({"mean": grouped.mean(), "sem": grouped.sem().fillna(0.0)}).reset_index()


def metric(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one metric."""
    return frame[frame["metric"] == name]


def line(axes: Axes, frame: pd.DataFrame, x: str, label: str, colour: str) -> None:
    """`value` against a column, with standard errors over seeds."""
    series = over_seeds(frame, [x]).sort_values(x)
    axes.errorbar(
        series[x].astype(float), series["mean"], series["sem"], label=label, color=colour, marker="o", ms=3, lw=1.2,
        capsize=2,
    )  # fmt: skip


def bars(axes: Axes, series: pd.DataFrame, group: str, bar: str, colours: dict[str, str]) -> None:
    """A bar for each row of `over_seeds`, a group for each value of `group`, a colour for each value of `bar`."""
    groups, kinds = list(dict.fromkeys(series[group])), list(dict.fromkeys(series[bar]))
    width = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        of = series[series[bar] == kind].set_index(group).reindex(groups)
        places = np.arange(len(groups)) + (number - (len(kinds) - 1) / 2) * width
        style = {"ecolor": "black", "elinewidth": 0.8}
        axes.bar(places, of["mean"], width, yerr=of["sem"], label=kind, color=colours[kind], error_kw=style)
    axes.set_xticks(range(len(groups)), groups)


def log_ticks(axes: Axes, values: Iterable[float]) -> None:
    """A logarithmic horizontal axis with a tick at each of these values and nowhere else."""
    axes.set_xscale("log")
    places = sorted({float(value) for value in values})
    axes.set_xticks(places, [f"{place:g}" for place in places], rotation=45, fontsize=7)
    axes.xaxis.minorticks_off()


def legend_beside(axes: Axes, title: str = "") -> None:
    """The legend to the right of the last panel, where it hides nothing."""
    axes.legend(
        frameon=False, fontsize=7, title=title or None, title_fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5)
    )


def caption(frame: pd.DataFrame, what: str) -> str:
    """One line that says what is shown, of which representation, and what the whiskers are."""
    first = frame.iloc[0]
    seeds = frame[SEED].dropna().nunique()
    return (
        f"{what}; {first['env']}, scale {first['scale']}, representation seed {first['seed']}; "
        f"mean of {seeds} workspace seeds, whiskers: standard error"
    )
