"""Rows of Table I: statuses, what was spent, what the paper implies; and the table for people."""

import csv
from pathlib import Path
from typing import Any

import pytest

from gwpipe.errors import UserError
from gwpipe.evaluation.criterion import Criterion, Method, RandomReturns, Run
from gwpipe.flops import paper
from gwpipe.flops.costs import Counts
from gwpipe.flops.markdown import table1_markdown
from gwpipe.flops.runs import AgentRun, Study
from gwpipe.flops.table1 import COLUMNS, table1_rows, write_rows
from gwpipe.settings.methods import METHODS


def study(**changes: Any) -> Study:
    agent = {"updates": 1000, "env_steps": 8000, "encoded_observations": 2010}
    values: dict[str, Any] = {
        "env": "robodesk",
        "task": "push_green",
        "episode_decisions": 125,
        "representation_seed": 0,
        "vae_updates": {"v": 50, "attr": 80},
        "workspace_updates": {"gw": 40, "clip": 30},
        "cached_observations": 600,
        "schedules": {method: {"prefill": 0, "env_steps_per_update": 8} for method in METHODS},
        "runs": {"gw_dreamer": [{"seed": s, **agent} for s in (0, 1, 2)], "vae_dreamer": [{"seed": 0, **agent}]},
    }
    return Study.model_validate(values | changes)


def method(*steps: int | None, last: int = 8000) -> Method:
    runs = [Run(seed, 100.0, step, last) for seed, step in enumerate(steps)]
    arrived = sorted(step for step in steps if step is not None)
    middle = len(steps) // 2
    reached = arrived[middle] if middle < len(arrived) else None
    return Method(runs, 100.0, reached, None if reached is not None else last)


def criterion(exists: bool = True, **methods: Method) -> Criterion:
    random = RandomReturns(0.0, 1.0, 100)
    if not exists:
        methods = {name: Method(m.runs, m.best, None, None) for name, m in methods.items()}
    return Criterion(
        "robodesk", "push_green", 0.7, 10, 50.0, random, 100.0, "gw_dreamer", 0, 1.0, exists, "because", 70.0, methods
    )


@pytest.fixture
def rows(counts: Counts) -> list[dict[str, Any]]:
    return table1_rows(
        "default", study(), counts, criterion(gw_dreamer=method(6000, 4000, None), vae_dreamer=method(None))
    )


def find(rows: list[dict[str, Any]], model: str, component: str) -> dict[str, Any]:
    (row,) = [row for row in rows if (row["model"], row["component"]) == (model, component)]
    return row


def test_five_models_by_five_components_with_all_columns(rows: list[dict[str, Any]]) -> None:
    assert [(row["model"], row["component"]) for row in rows] == [
        (model, component) for model in paper.MODELS for component in paper.COMPONENTS
    ]
    assert all(set(row) == set(COLUMNS) for row in rows)
    asked = "env, model, component, flops, encode_flops, status, updates, env_steps, flops_per_update, paper_flops"
    asked += ", paper_updates, paper_updates_source, paper_scale_flops, ratio_to_paper, implied_updates, scale, seeds"
    assert set(asked.split(", ")) <= set(COLUMNS)


def test_statuses(rows: list[dict[str, Any]]) -> None:
    statuses = {(row["model"], row["component"]): row["status"] for row in rows}
    assert statuses["gw_dreamer", "rl_1_task"] == "reached"
    assert statuses["vae_dreamer", "rl_1_task"] == "budget"
    assert statuses["clip_dreamer", "rl_1_task"] == "not_run"
    assert statuses["dreamer_40m", "rl_6_tasks"] == "not_run"
    assert statuses["dreamer_12m", "vae"] == statuses["vae_dreamer", "gw"] == "na"
    printed_na = {key for key, cell in paper.table1().items() if cell.printed == "N/A"}
    assert {key for key, status in statuses.items() if status == "na"} == printed_na


def test_reached_counts_until_the_median_seeds_criterion(rows: list[dict[str, Any]]) -> None:
    row = find(rows, "gw_dreamer", "rl_1_task")
    assert (row["env_steps"], row["criterion_steps"], row["seeds"]) == (6000, "6000", "0 1 2")
    assert row["updates"] == 6000 // 8
    assert row["flops"] == 750 * 7
    assert row["encode_flops"] == round(2010 * 6000 / 8000) * 5
    assert row["run_flops_per_update"] == 7


def test_updates_before_the_criterion_know_of_the_prefill(counts: Counts) -> None:
    agent = {"seed": 0, "updates": (8000 - 800) // 8, "env_steps": 8000, "encoded_observations": 2010}
    schedules = {"gw_dreamer": {"prefill": 800, "env_steps_per_update": 8}}
    late = study(schedules=schedules, runs={"gw_dreamer": [agent]})
    row = find(table1_rows("default", late, counts, criterion(gw_dreamer=method(6000))), "gw_dreamer", "rl_1_task")
    assert row["updates"] == (6000 - 800) // 8


def test_censored_counts_the_whole_budget(rows: list[dict[str, Any]]) -> None:
    row = find(rows, "vae_dreamer", "rl_1_task")
    assert (row["updates"], row["env_steps"], row["criterion_steps"]) == (1000, 8000, ">8000")
    assert (row["flops"], row["encode_flops"]) == (8000, 2010 * 3)
    assert row["note"] == ""


def test_without_a_criterion_nothing_is_reached(counts: Counts) -> None:
    rows = table1_rows("default", study(), counts, criterion(exists=False, gw_dreamer=method(6000, 4000, None)))
    assert "reached" not in {row["status"] for row in rows}
    row = find(rows, "gw_dreamer", "rl_1_task")
    assert (row["flops"], row["criterion_steps"], row["note"]) == (7000, "", "no criterion: because")


def test_representation(rows: list[dict[str, Any]]) -> None:
    vae, gw = find(rows, "gw_dreamer", "vae"), find(rows, "gw_dreamer", "gw")
    assert (vae["flops"], vae["updates"], vae["encode_flops"]) == (50 * 1000 + 80 * 10, 50, None)
    assert find(rows, "clip_dreamer", "vae")["flops"] == vae["flops"]
    assert (gw["flops"], gw["updates"], gw["encode_flops"]) == (4000, 40, 600 * 3)
    assert find(rows, "clip_dreamer", "gw")["flops"] == 600


def test_papers_side(rows: list[dict[str, Any]]) -> None:
    row = find(rows, "gw_dreamer", "rl_1_task")
    assert row["paper_scale_flops"] == 25_000 * 2 * 10**11
    assert row["ratio_to_paper"] == pytest.approx(5e15 / 5.41e15)
    assert (row["implied_updates"], row["paper_updates_source"]) == (27_050, "inverted")
    vae = find(rows, "vae_dreamer", "vae")
    assert vae["implied_updates"] == round(1.055e18 / 22e12)
    tested = find(rows, "dreamer_40m", "rl_1_task")
    assert (tested["paper_cell"], tested["paper_flops"], tested["flops_per_update"]) == ("X", None, 3 * 10**12)
    assert all((row["implied_updates"] is None) == (row["paper_flops"] is None) for row in rows)


def test_simple_shapes_has_no_printed_cells(counts: Counts) -> None:
    there = {"env": "simple_shapes", "task": "centre"}
    dreamerless = {k: v for k, v in counts.paper.rl.items() if not k.startswith("dreamer")}
    at_paper = counts.paper.model_copy(update={"rl": dreamerless})
    judged = Criterion(**{**vars(criterion(gw_dreamer=method(6000, 4000, 2000))), **there})
    other = counts.model_copy(update={"env": "simple_shapes", "paper": at_paper})
    rows = table1_rows("default", study(**there), other, judged)
    assert len(rows) == 25
    assert all(row["paper_flops"] is None and row["paper_cell"] == "" for row in rows)
    row = find(rows, "gw_dreamer", "rl_1_task")
    assert (row["status"], row["env_steps"], row["paper_updates"]) == ("reached", 4000, 5000)
    assert row["paper_scale_flops"] == 5000 * 2 * 10**11
    assert find(rows, "gw_dreamer", "rl_6_tasks")["status"] == "na"
    assert find(rows, "dreamer_12m", "rl_1_task")["status"] == "not_run"


def test_other_methods_that_ran_stand_below_the_papers_models(counts: Counts) -> None:
    agent = {"seed": 0, "updates": 100, "env_steps": 8000, "encoded_observations": 0}
    present = counts.present.model_copy(update={"rl": counts.present.rl | {"dreamer_100m": 9}})
    counted = counts.model_copy(update={"present": present})
    trained = study(runs={"dreamer_100m": [agent]})
    rows = table1_rows("default", trained, counted, criterion(dreamer_100m=method(None)))
    assert [row["model"] for row in rows[25:]] == ["dreamer_100m"] * 5
    row = find(rows, "dreamer_100m", "rl_1_task")
    assert (row["status"], row["flops"], row["encode_flops"], row["paper_cell"]) == ("budget", 900, 0, "")
    assert "| Dreamer 100M | N/A | N/A | 9.000e02 | not run | not run |" in table1_markdown(rows)
    assert row["note"] == ""
    other = study(runs={"dreamer_100m": [agent]}, resized=["dreamer_100m"])
    rows = table1_rows("default", other, counted, criterion(dreamer_100m=method(None)))
    assert "- Dreamer 100M, RL 1 task: of other widths than its size's." in table1_markdown(rows)


def test_without_the_environment_of_the_papers_table_there_is_nothing_printed_to_compare(
    counts: Counts,
) -> None:
    there = {"env": "simple_shapes", "task": "centre"}
    judged = Criterion(**vars(criterion()) | there)
    told = table1_markdown(table1_rows("study", study(**there), counts.model_copy(update=there), judged))
    assert "## Simple Shapes: this run" in told
    assert "the paper's scale" not in told


def test_nothing_trained_is_not_run(counts: Counts) -> None:
    rows = table1_rows("default", study(vae_updates={}, workspace_updates={}, runs={}), counts, criterion())
    assert {row["status"] for row in rows} == {"not_run", "na"}
    assert all(row["flops"] is None for row in rows)


@pytest.mark.parametrize("key", ["env", "task"])
def test_inputs_of_different_studies_are_refused(counts: Counts, key: str) -> None:
    other = Criterion(**{**vars(criterion()), key: "another"})
    with pytest.raises(UserError, match="criterion of another given for"):
        table1_rows("default", study(), counts, other)


def test_unknown_fields_of_a_run_are_refused() -> None:
    with pytest.raises(ValueError, match="extra"):
        AgentRun(seed=0, updates=1, env_steps=1, encoded_observations=1, speed=3)  # type: ignore[call-arg]


def test_csv_keeps_integers_whole(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    write_rows(tmp_path / "table1.csv", COLUMNS, rows)
    with (tmp_path / "table1.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert tuple(read[0]) == COLUMNS
    row = find(read, "gw_dreamer", "rl_1_task")
    assert (row["flops_per_update"], row["paper_flops"]) == ("200000000000", "5.41e+15")
    assert find(read, "dreamer_12m", "vae")["flops"] == ""


def test_markdown_says_what_a_reader_needs(rows: list[dict[str, Any]]) -> None:
    text = table1_markdown(rows)
    assert "episodes of 125 decisions (**shortened**: 500 as published)" in text
    assert "| GW-Dreamer | 5.080e04 | 4.000e03 | 5.250e03 ✓ | not run | not run |" in text
    assert "| VAE-Dreamer | RL 1 task | budget | 0 | 8,000 | >8000 | 1,000 | 8.000e00 | 6.030e03 |" in text
    assert "25,000 (inverted) | 5.000e15 | 0.924 (consistency check) | 27,050 |" in text
    assert "500,000 (table) | 1.100e19 | 10.4 | 47,955 |" in text


def test_markdown_is_silent_about_episodes_of_full_length(counts: Counts) -> None:
    rows = table1_rows("paper", study(episode_decisions=500), counts, criterion())
    assert "shortened" not in table1_markdown(rows)


def test_methods_that_the_paper_does_not_list_are_left_out(counts: Counts) -> None:
    agent = {"seed": 0, "updates": 40, "env_steps": 8000, "encoded_observations": 2010}
    more = {**study().model_dump()["runs"], "gw_ppo": [agent], "gw_dreamer_e2e": [agent]}
    arrived = {"gw_dreamer": method(6000, 4000, None), "gw_ppo": method(2000), "gw_dreamer_e2e": method(None)}
    without = table1_rows("default", study(), counts, criterion(gw_dreamer=arrived["gw_dreamer"]))
    assert table1_rows("default", study(runs=more), counts, criterion(**arrived)) == without


def test_several_tasks_are_summed_each_until_its_own_criterion(counts: Counts) -> None:
    agent = {"updates": 1000, "env_steps": 8000, "encoded_observations": 2000}
    runs = {"gw_dreamer": [{"seed": s, **agent} for s in (0, 1, 2)]}
    several = {"rl_6_tasks": [{"task": task, "runs": runs} for task in ("push_green", "stack")]}
    of_tasks = {
        "push_green": criterion(gw_dreamer=method(4000, 4000, 4000)),
        "stack": criterion(gw_dreamer=method(None, None, None)),
    }
    rows = table1_rows("default", study(several=several), counts, criterion(gw_dreamer=method(6000)), of_tasks)
    row = find(rows, "gw_dreamer", "rl_6_tasks")
    assert (row["status"], row["updates"], row["env_steps"]) == ("budget", 500 + 1000, 4000 + 8000)
    assert row["flops"] == 1500 * counts.present.rl["gw_dreamer"]
    assert row["encode_flops"] == 3000 * counts.present.encode["gw_dreamer"]
    assert row["criterion_steps"] == "push_green 4000; stack >8000"
    assert row["note"] == "2 tasks; whole budgets of stack"
    assert find(rows, "gw_dreamer", "rl_4_extra_tasks")["status"] == "not_run"
    assert find(rows, "vae_dreamer", "rl_6_tasks")["status"] == "not_run"
    assert "| GW-Dreamer | RL 6 tasks | budget | 0 1 2 | 12,000 | push_green 4000; stack >8000 |" in table1_markdown(
        rows
    )
