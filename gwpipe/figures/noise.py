"""Noise: return of trained agents against its strength, a panel a modality and kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gwpipe.figures.methods import colours, label
from gwpipe.figures.panels import say_below

TITLES = {"image": "vision", "attributes": "attributes"}
LEARNED = (("--", "s"), ("-.", "^"), ((0, (5, 1, 1, 1, 1, 1)), "D"), ((0, (1, 1)), "v"))
"""Line and marker of learned rules of fusion, in their order."""
TOLD = ":"


def draw_noise(panels: Sequence[pd.DataFrame], origin: str) -> Figure:
    """A line of panels an environment and modality; `panels` are the summaries of `gwpipe.evaluation.noise_table`.

    A line a method: mean return above random with its standard error over episodes; strengths stand side by side as
    they are configured, 0 is no noise. Solid: weights of the training. Broken: weights that a learned rule chose.
    Dotted, level: told what fails. Across, dashed: the criterion.
    """
    lines = [(summary, modality, kinds) for summary in panels for modality, kinds in _kinds(summary).items()]
    columns = max(len(kinds) for *_, kinds in lines)
    figure = Figure(figsize=(2.7 * columns + 2.2, 2.7 * len(lines) + 0.6), layout="constrained")
    grid = figure.subplots(len(lines), columns, squeeze=False, sharey="row")
    palette = colours(name for summary in panels for name in summary["method"])
    for line, (summary, modality, kinds) in zip(grid, lines):
        for axes, kind in zip(line, kinds):
            _draw(axes, summary, modality, kind, palette)
            axes.set_title(f"{TITLES[modality]}: {kind.replace('_', ' ')}", fontsize=9)
        for axes in line[len(kinds) :]:
            axes.set_axis_off()
        line[0].set_ylabel(f"{summary['env'].iloc[0]}: return above random", fontsize=8)
        _legend(line, len(kinds))
    say_below(figure, panels, origin, "point", "Dotted, level: told what fails. Dashed, across: criterion.")
    return figure


def _legend(line: Sequence[Axes], count: int) -> None:
    """One for the first `count` panels of a line, in the free place after them or beside the last.

    Not every agent is in each panel: some have no latents.
    """
    found: dict[str, Any] = {}
    for axes in line[:count]:
        handles, words = axes.get_legend_handles_labels()
        found |= dict(zip(words, handles))
    free = count < len(line)
    (line[count] if free else line[-1]).legend(
        list(found.values()),
        list(found),
        frameon=False,
        fontsize=7,
        loc="center left",
        bbox_to_anchor=(0.0 if free else 1.0, 0.5),
    )


def _kinds(summary: pd.DataFrame) -> dict[str, list[str]]:
    """Modality → kinds of noise, a panel each."""
    disturbed = summary[summary["strength"] > 0]
    return {
        str(modality): list(dict.fromkeys(rows["kind"]))
        for modality, rows in disturbed.groupby("disturbed", sort=False)
    }


def _draw(axes: Axes, summary: pd.DataFrame, modality: str, kind: str, palette: Mapping[str, str]) -> None:
    here = summary[(summary["disturbed"] == modality) & (summary["kind"] == kind)]
    strengths = [0.0, *sorted(set(here["strength"]))]
    rules = [rule for rule in dict.fromkeys(summary["rule"]) if rule]
    for (method, weights, rule), found in here.groupby(["method", "weights", "rule"], sort=False):
        same = (summary["method"] == method) & (summary["weights"] == weights) & (summary["rule"] == rule)
        clean = summary[same & (summary["disturbed"] == "nothing")]
        points = pd.concat([clean, found]).sort_values("strength")
        style, marker = LEARNED[rules.index(rule) % len(LEARNED)] if rule else ("-", "o")
        axes.errorbar(
            [strengths.index(strength) for strength in points["strength"]], points["mean"], points["sem"],
            color=palette[str(method)], ls=style, marker=marker, ms=3.5, lw=1.2,
            label=f"{label(str(method))}, {rule}" if rule else label(str(method)),
        )  # fmt: skip
    told = summary[(summary["disturbed"] == modality) & (summary["weights"] == "told")]
    for _, row in told.iterrows():
        axes.axhline(row["mean"], color=palette[str(row["method"])], ls=TOLD, lw=1.2)
    threshold = summary["criterion"].iloc[0]
    if pd.notna(threshold):
        axes.axhline(threshold, color="0.2", ls=(0, (4, 3)), lw=1)
    axes.axhline(0, color="0.2", lw=0.6)
    axes.set_xticks(np.arange(len(strengths)), [f"{strength:g}" for strength in strengths], fontsize=7)
    axes.set_xlabel(here["unit"].iloc[0], fontsize=7)
    axes.tick_params(axis="y", labelsize=7)
