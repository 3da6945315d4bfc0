"""Figures of the studies of small workspaces: every number of a made-up table stands where a reader looks for it."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer

from gwpipe.figures import domains, downstream, never_paired, pairs, width
from gwpipe.studies import domains as domains_table
from gwpipe.studies import downstream as downstream_table
from gwpipe.studies import never_paired as never_paired_table
from gwpipe.studies import pairs as pairs_table
from gwpipe.studies import width as width_table
from gwpipe.studies.odd_one_out import CHANCE
from gwpipe.studies.tidy import Column, Row, tidy_frame


def table(rows: list[Row], columns: Mapping[str, Column]) -> pd.DataFrame:
    """Each row for two seeds, whose values lie 0.1 of it on either side: a standard error of 0.1 of it."""
    seeds = [
        {**row, "workspace_seed": seed, "value": row["value"] * (0.9 + 0.2 * seed)} for row in rows for seed in (0, 1)
    ]
    return tidy_frame(seeds, columns, env="simple_shapes", scale="smoke", seed=3)


def curves(axes: Axes) -> dict[str, dict[float, float]]:
    """Label → x → y of every line, having looked that the whiskers are standard errors."""
    found = {}
    for container in axes.containers:
        assert isinstance(container, ErrorbarContainer)
        line, _, (whiskers,) = container.lines
        x, y = line.get_data()
        for (_, low), (_, high) in whiskers.get_segments():
            assert high - low == pytest.approx(0.2 * (low + high) / 2)
        found[str(container.get_label())] = dict(zip(x, y))
    return found


def heights(axes: Axes) -> dict[str, dict[str, float]]:
    """Label → group → height of every bar; a group is the tick that the bar stands nearest to."""
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    found: dict[str, dict[str, float]] = {}
    for container in axes.containers:
        if isinstance(container, BarContainer):
            bars = {ticks[round(bar.get_x() + bar.get_width() / 2)]: bar.get_height() for bar in container}
            found[str(container.get_label())] = {name: value for name, value in bars.items() if np.isfinite(value)}
    return found


def near(found: dict[str, dict], expected: dict[str, dict]) -> None:
    assert list(found) == list(expected)
    for label, values in expected.items():
        assert found[label] == pytest.approx(values), label


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def levels(axes: Axes) -> list[float]:
    """Heights of the dotted lines across a panel."""
    return [float(line.get_ydata()[0]) for line in axes.lines if line.get_linestyle() == ":"]


def test_pairs_are_a_curve_a_set_of_losses_and_an_arrow_a_measured_ratio() -> None:
    sets = list(pairs_table.LOSS_SETS)
    metrics = {"translation_unexplained": 0.1, "cycle_unexplained": 0.2, "retrieval_top1": 10.0}
    rows: list[Row] = [
        {"losses": losses, "pairs": count, "metric": metric, "value": unit * (1 + number) * 100 / count}
        for (number, losses), count, (metric, unit) in product(enumerate(sets), (10, 100), metrics.items())
    ]
    frame = table(rows, pairs_table.COLUMNS)
    ratio = {"metric": "data_ratio_translation", "losses": "tr", "pairs": 100}
    ratios = [
        {**ratio, "value": 4.0, "ratio_is": "equal"},
        {**ratio, "value": 9.0, "ratio_is": "at_least"},
        {**ratio, "value": 2.0, "ratio_is": "equal"},
    ]
    whole = tidy_frame(ratios, pairs_table.COLUMNS, env="simple_shapes", scale="smoke", seed=3)
    figure = pairs.draw(pd.concat([frame, whole], ignore_index=True))
    translation, cycle, retrieval = figure.axes
    for axes, unit in zip(figure.axes, metrics.values()):
        expected = {name: {n: unit * (1 + k) * 100 / n for n in (10, 100)} for k, name in enumerate(sets)}
        near(curves(axes), expected)
        assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "pairs")
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "100"]
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "unexplained share, translation", "unexplained share, cycle", "retrieval, top-1 (%)"
    ]  # fmt: skip
    assert [levels(axes) for axes in figure.axes] == [[1], [1], []]
    assert legend(retrieval) == sets
    # `tr` reaches 0.1 with 100 pairs, `all` with a quarter of them; a bound is no arrow.
    arrow, words = translation.texts
    assert arrow.xy == pytest.approx((25, 0.1))
    assert arrow.get_position() == pytest.approx((100, 0.1))
    assert words.get_text() == "4 ×"
    assert not cycle.texts
    assert "simple_shapes, scale smoke, representation seed 3; mean of 2 workspace seeds" in figure.get_suptitle()


def test_domains_are_a_line_a_pair_of_domains_both_ways_together() -> None:
    values = {"attr->v": 1.0, "v->attr": 3.0, "t->v": 5.0, "v->t": 7.0}
    rows: list[Row] = [
        {"count": count, "domains": "any", "metric": metric, "route": route, "value": value * count}
        for metric, count, (route, value) in product(domains.PANELS, (2, 3), values.items())
    ]
    rows += [{"count": 3, "domains": "any", "metric": "translation_unexplained", "route": "attr+t->v", "value": 99.0}]
    figure = domains.draw(table(rows, domains_table.COLUMNS))
    for axes, label in zip(figure.axes, domains.PANELS.values(), strict=True):
        near(curves(axes), {"attr - v": {2: 4.0, 3: 6.0}, "t - v": {2: 12.0, 3: 18.0}})
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("domains of the workspace", label)
        assert axes.get_xticks().tolist() == [2, 3]
    assert legend(figure.axes[-1]) == ["attr - v", "t - v"]


def test_never_paired_domains_are_a_bar_a_way_of_pairing_and_set_of_losses() -> None:
    cells = [("paired", "all"), ("paired", "tr+cont"), ("never", "all"), ("never", "tr+cont"), ("alone", "all")]
    rows: list[Row] = [
        {"shown": shown, "losses": losses, "metric": metric, "route": route, "value": (1 + number) * unit}
        for (number, (shown, losses)), metric, (route, unit) in product(
            enumerate(cells), never_paired.PANELS, {"t->v": 0.1, "v->t": 0.2, "attr->v": 9.0}.items()
        )
    ]
    rows += [{"shown": "constant", "metric": "translation_unexplained", "route": "t->v", "value": 1.0}]
    figure = never_paired.draw(table(rows, never_paired_table.COLUMNS))
    expected = {
        f"{shown}, {losses}": {"t->v": 0.1 * (1 + number), "v->t": 0.2 * (1 + number)}
        for number, (shown, losses) in enumerate(cells)
    }
    for axes, label in zip(figure.axes, never_paired.PANELS.values(), strict=True):
        near(heights(axes), expected)
        assert axes.get_ylabel() == label
    assert [levels(axes) for axes in figure.axes] == [[1], []]
    assert legend(figure.axes[-1]) == list(expected)


def test_width_is_a_line_a_loss_a_route_and_a_count_of_directions() -> None:
    def two(metric: str, value: float, route: str = "") -> list[Row]:
        return [
            {"dim": dim, "latent": 5, "metric": metric, "route": route, "value": value * factor}
            for dim, factor in ((16, 1.0), (2, 2.0))
        ]

    rows = two("translation_unexplained", 0.1) + two("demi_cycle_unexplained", 0.2) + two("cycle_unexplained", 0.3)
    rows += two("retrieval_top1", 40.0, "attr->v") + two("retrieval_top1", 30.0, "v->attr")
    rows += two("participation_ratio", 3.0) + two("effective_rank", 4.0)
    figure = width.draw(table(rows, width_table.COLUMNS))
    errors, retrieval, directions = figure.axes
    near(
        curves(errors),
        {name: {2: 2 * y, 16: y} for name, y in zip(("translation", "demi-cycle", "cycle"), (0.1, 0.2, 0.3))},
    )
    near(curves(retrieval), {"attr->v": {2: 80.0, 16: 40.0}, "v->attr": {2: 60.0, 16: 30.0}})
    near(curves(directions), {"participation ratio": {2: 6.0, 16: 3.0}, "effective rank": {2: 8.0, 16: 4.0}})
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "unexplained share", "retrieval, top-1 (%)", "directions of z"
    ]  # fmt: skip
    for axes in figure.axes:
        assert legend(axes) == list(curves(axes))
        assert axes.get_xlabel() == "entries of the workspace"
        (latent,) = (line for line in axes.lines if line.get_linestyle() == ":")
        assert list(latent.get_xdata()) == [5, 5]


def test_downstream_tasks_are_groups_of_what_was_learnt_from_and_bars_of_latents() -> None:
    def row(task: str, metric: str, value: float, unit: str, learnt: str, tested: str, **more: object) -> Row:
        return {
            "task": task, "metric": metric, "value": value, "unit": unit, "learnt_from": learnt, "tested_on": tested,
            "bound_constant": 9.0, **more,
        }  # fmt: skip

    def odd(value: float, learnt: str, tested: str, shared: str = "all", **more: object) -> Row:
        return row("odd_one_out", "accuracy", value, "%", learnt, tested, shared=shared, **more)

    rows = [
        odd(95.0, "attributes", "attributes", features="attributes"),
        odd(90.0, "v", "v", features="u", domains="v"),
        odd(80.0, "v", "attr", features="z", losses="all", domains="attr+v"),
        odd(40.0, "v", "attr", features="z", losses="cont", domains="attr+v"),
        odd(10.0, "v", "attr", "size", features="z", losses="all", domains="attr+v"),
    ]
    for metric, unit, factor in (("colour_mean", "RGB levels", 1.0), ("position_mean", "px", 0.1)):
        rows += [
            row("regression", metric, 20 * factor, unit, "mask", "mask", features="u", domains="mask"),
            row("regression", metric, 70 * factor, unit, "attr", "attr", features="u", domains="attr"),
            row("regression", metric, 30 * factor, unit, "v", "mask", features="z", losses="all", domains="mask+v"),
            row("regression", metric, 60 * factor, unit, "v", "attr", features="z", losses="all", domains="attr+v"),
        ]
    figure = downstream.draw(table(rows, downstream_table.COLUMNS))
    top, colour, position = figure.axes
    near(
        heights(top),
        {
            "attributes": {"attributes\n→ attributes": 95.0},
            "u": {"v\n→ v": 90.0},
            "z, all": {"v\n→ attr": 80.0},
            "z, cont": {"v\n→ attr": 40.0},
        },
    )
    near(heights(colour), {"u": {"mask\n→ mask": 20.0}, "z, all": {"v\n→ mask": 30.0}})
    near(heights(position), {"u": {"mask\n→ mask": 2.0}, "z, all": {"v\n→ mask": 3.0}})
    assert [axes.get_title() for axes in figure.axes] == [
        "odd one out, attr and v", "colour, mask and v", "position, mask and v"
    ]  # fmt: skip
    assert [axes.get_ylabel() for axes in figure.axes] == ["odd one found (%)", "colour (RGB levels)", "position (px)"]
    assert [levels(axes) for axes in figure.axes] == [[CHANCE], [9], [9]]
    assert legend(top) == ["attributes", "u", "z, all", "z, cont"]
