"""Figures of trained agents: what is averaged, what is drawn, and that censored runs are not hidden."""

import numpy as np
import pandas as pd
import pytest

from gwpipe.evaluation import noise_table, transfer_table
from gwpipe.evaluation.ablation_table import SUMMARY
from gwpipe.evaluation.criterion import RandomReturns, find_criterion
from gwpipe.figures.figure5 import Panel, average, draw_figure5, steps_to_criterion
from gwpipe.figures.figure6 import draw_figure6
from gwpipe.figures.methods import colours, label, model_free, origin
from gwpipe.figures.noise import draw_noise
from gwpipe.figures.saving import save_figure
from gwpipe.figures.success_counts import draw_success_counts, success_counts
from gwpipe.figures.transfer import draw_transfer
from gwpipe.settings.figure_stages import PanelSettings
from gwpipe.settings.methods import METHODS
from gwpipe.settings.task_sets import SuccessFigureStage


def _curve(method: str, seed: int, start: int, high: float = -400.0, episodes: int = 60) -> pd.DataFrame:
    """Return −2000 until episode `start`, then `high`; an episode is 100 steps."""
    values = np.where(np.arange(episodes) < start, -2000.0, high)
    rows = {"step": 100 * np.arange(1, episodes + 1), "metric": "train_return", "value": values}
    return pd.DataFrame({"env": "simple_shapes", "task": "centre", "method": method, "seed": seed, **rows})


@pytest.fixture
def panel() -> Panel:
    curves = pd.concat(
        [
            _curve("gw_dreamer", 0, 20),
            _curve("gw_dreamer", 1, 30, episodes=50),
            _curve("ppo", 0, 40),
            _curve("ppo", 1, 99),
            _curve("vae_ppo", 0, 99),
        ],
        ignore_index=True,
    )
    random = RandomReturns(-2000.0, 1.0, 100)
    criterion = find_criterion(
        curves, random, env="simple_shapes", task="centre", fraction=0.75, window=10, floor=100.0
    )
    return Panel(curves, criterion, 100)


def test_lines_are_means_of_smoothed_runs_where_every_seed_has_been(panel: Panel) -> None:
    numbers = average(panel, "smoke")
    line = numbers[numbers["method"] == "gw_dreamer"].set_index("step")
    assert (line.index.min(), line.index.max()) == (1000, 5000)
    assert line.index.is_monotonic_increasing
    # At step 2500 the first run's window holds five episodes of the new return, the second's none.
    at = line[line.index <= 2500].iloc[-1]
    filled = (line.index[line.index <= 2500].max() // 100 - 20) / 10
    assert at["mean"] == pytest.approx(1600 * filled / 2)
    assert at["sem"] == pytest.approx(1600 * filled / 2)
    assert line.iloc[-1]["mean"] == pytest.approx(1600)
    assert numbers[numbers["method"] == "vae_ppo"]["sem"].isna().all()


def test_success_counts_have_a_panel_a_task_and_say_where_a_run_is_too_short() -> None:
    def counted(task: str, seed: int, episodes: int) -> pd.DataFrame:
        rows = {"step": 500 * np.arange(1, episodes + 1), "metric": "success_count", "value": 0.0}
        whose = {"env": "robodesk", "task": task, "method": "gw_dreamer", "seed": seed}
        found = pd.DataFrame(rows | whose)
        found.loc[found.index >= 6, "value"] = 40.0 + 20.0 * seed
        return found

    settings = SuccessFigureStage(
        env="robodesk",
        tasks=["push_red", "stack"],
        runs={"gw_dreamer": [0, 1]},
        window=4,
        episode_decisions=125,
        resized=[],
        seen=["push_green/expert"],
    )
    curves = pd.concat([counted("push_red", 0, 12), counted("push_red", 1, 10), counted("stack", 0, 3)])
    numbers = success_counts(curves, settings, "smoke")
    assert set(numbers["task"]) == {"push_red"}, "three episodes fill no window of four"
    assert (numbers["step"].min(), numbers["step"].max()) == (2000, 5000)
    last = numbers.iloc[-1]
    assert (last["mean"], last["sem"], last["seeds"]) == (50.0, 10.0, 2)
    figure = draw_success_counts(numbers, settings, "Scale smoke")
    assert [axes.get_title() for axes in figure.axes] == ["push red", "stack"]
    assert figure.axes[1].texts[0].get_text() == "no run has 4 episodes"
    assert "125 decisions, not 500" in figure.get_supxlabel()


def test_the_legend_gives_median_and_range_and_never_hides_who_did_not_arrive(panel: Panel) -> None:
    methods = panel.criterion.methods
    assert steps_to_criterion(methods["gw_dreamer"]) == "3,800; 2,800 to 3,800"
    assert steps_to_criterion(methods["ppo"]) == ">6,000; 4,800 to >6,000"
    assert steps_to_criterion(methods["vae_ppo"]) == ">6,000"
    figure = draw_figure5([panel], average(panel, "smoke"), "Scale smoke")
    (axes,) = figure.axes
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words[0] == "GW-Dreamer, 2 seeds (3,800; 2,800 to 3,800)"
    assert axes.get_xscale() == "log"
    dashed = [line for line in axes.lines if len(set(line.get_ydata())) == 1 and line.get_ydata()[0] == 1200.0]
    assert dashed, "the criterion is drawn"
    assert "scale smoke" in figure.get_supxlabel().lower()


def test_a_method_without_a_full_window_is_named_all_the_same(panel: Panel) -> None:
    short = _curve("clip_dreamer", 0, 99, episodes=9)
    curves = pd.concat([panel.curves, short], ignore_index=True)
    named = {"env": "simple_shapes", "task": "centre", "fraction": 0.75, "window": 10, "floor": 100.0}
    for shown in (curves, short):
        criterion = find_criterion(shown, panel.criterion.random, **named)
        several = Panel(shown, criterion, 100)
        (axes,) = draw_figure5([several], average(several, "smoke"), "Scale smoke").axes
        words = [text.get_text() for text in axes.get_legend().get_texts()]
        assert words[-1] == "CLIP-Dreamer, no run of 10 episodes"


def _summary() -> pd.DataFrame:
    rows = [
        ("simple_shapes", "centre", method, removed, mean, 20.0, 1.0, True, 1200.0, -2000.0, 3, 30, "smoke", 0)
        for method, means in {"gw_dreamer": (1600, 1500, 1550), "ppo": (1500, 0, 1300)}.items()
        for removed, mean in zip(("nothing", "attributes", "image"), means)
    ]
    return pd.DataFrame(rows, columns=list(SUMMARY))


def test_bars_and_the_lines_they_are_measured_against(tmp_path) -> None:
    figure = draw_figure6([_summary()], "Scale smoke")
    without_attributes, without_vision = figure.axes
    assert [axes.get_title() for axes in figure.axes] == [
        "simple_shapes: attributes removed", "simple_shapes: vision removed"
    ]  # fmt: skip
    assert [bar.get_height() for bar in without_attributes.patches] == [1500, 0]
    assert [bar.get_height() for bar in without_vision.patches] == [1550, 1300]
    assert [bool(bar.get_hatch()) for bar in without_vision.patches] == [False, True]
    levels = {line.get_ydata()[0] for line in without_vision.lines}
    assert {1600, 1500, 1200.0} <= levels
    for name in ("a", "b"):
        save_figure(figure, tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def _filled(columns: tuple[str, ...], rows: list[dict[str, object]]) -> pd.DataFrame:
    whose = {"env": "simple_shapes", "sem": 10.0, "criterion": 1200.0, "random": -2000.0, "episodes": 30}
    return pd.DataFrame([{**whose, **row} for row in rows], columns=list(columns))


def test_noise_is_a_panel_a_kind_and_a_line_a_method_and_rule() -> None:
    def row(method: str, weights: str, rule: str, disturbed: str, kind: str, strength: float | None, mean: float):
        names = ("method", "weights", "rule", "disturbed", "kind", "strength", "mean")
        return dict(zip(names, (method, weights, rule, disturbed, kind, strength, mean)), unit="px")

    rows = [
        row("gw_dreamer", "told", "", "image", "any", None, 1500),
        row("gw_dreamer", "untold_equal", "", "nothing", "none", 0.0, 1600),
        row("gw_dreamer", "untold_equal", "", "image", "blur", 4.0, 700),
        row("gw_dreamer", "untold_equal", "", "image", "blur", 1.0, 1300),
        row("gw_dreamer", "untold_learned", "static", "nothing", "none", 0.0, 1550),
        row("gw_dreamer", "untold_learned", "static", "image", "blur", 4.0, 900),
        row("ppo", "as_trained", "", "nothing", "none", 0.0, 1400),
        row("ppo", "as_trained", "", "attributes", "gaussian", 1.0, -300),
    ]
    figure = draw_noise([_filled(noise_table.SUMMARY, rows)], "Scale smoke")
    blur, gaussian = figure.axes  # a line a modality
    assert [axes.get_title() for axes in figure.axes] == ["vision: blur", "attributes: gaussian"]
    drawn = {tuple(line.get_ydata()) for line in blur.lines}
    assert {(1600, 1300, 700), (1550, 900), (1500, 1500), (1200, 1200)} <= drawn
    assert {tuple(line.get_xdata()) for line in blur.lines} >= {(0, 1, 2), (0, 2)}
    assert [tick.get_text() for tick in blur.get_xticklabels()] == ["0", "1", "4"]
    legends = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]
    assert legends == [["GW-Dreamer", "GW-Dreamer, static"], ["PPO"]]
    assert blur.get_ylim()[0] < 0 < 1600 < blur.get_ylim()[1]
    assert gaussian.get_ylim()[0] < -300
    assert (1500, 1500) not in {tuple(line.get_ydata()) for line in gaussian.lines}, "told of vision, not of attributes"


def test_transfer_hatches_what_was_never_seen() -> None:
    rows = [
        {"method": method, "trained_on": trained, "acting_on": acting, "mean": mean}
        for method, trained, acting, mean in (
            ("gw_dreamer_attr", "attr", "attr", 1600),
            ("gw_dreamer_attr", "attr", "v", 1200),
            ("vae_dreamer_v", "v", "v", 1500),
        )
    ]
    figure = draw_transfer([_filled(transfer_table.SUMMARY, rows)], "Scale smoke")
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == [1600, 1200, 1500]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True, False]
    first, _, third = (bar.get_facecolor() for bar in axes.patches)
    assert first != third, "a colour a domain acted on"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["GW-Dreamer attributes", "VAE-Dreamer vision"]
    assert 1200.0 in {line.get_ydata()[0] for line in axes.lines}


def test_the_caption_names_who_is_not_of_the_size_it_is_called_by() -> None:
    runs = {"gw_dreamer": [0], "dreamer_12m": [0]}
    panels = [
        PanelSettings(env=env, task="any", runs=runs, episode_decisions=100, resized=resized)
        for env, resized in (("simple_shapes", []), ("robodesk", ["dreamer_12m"]))
    ]
    assert origin("desk", panels) == "Scale desk; Dreamer 12M in robodesk: other widths than the size's"
    assert origin("desk", panels[:1]) == "Scale desk"


def test_methods_are_called_as_in_the_paper() -> None:
    assert [label(name) for name in ("gw_dreamer", "gw_dreamer_e2e", "ppo", "clip_ppo", "dreamer_12m", "gw_ppo_v")] == [
        "GW-Dreamer", "GW-Dreamer end-to-end", "PPO", "CLIP-PPO", "Dreamer 12M", "GW-PPO vision"
    ]  # fmt: skip
    assert model_free("vae_ppo")
    assert not model_free("gw_dreamer_e2e")
    assert len(set(colours(METHODS).values())) == len(METHODS)
