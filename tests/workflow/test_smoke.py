"""The whole pipeline at smoke scale, and what a second run of it does and does not do."""

import json
import shutil

import pandas as pd
import pytest

from gwpipe.settings import ENVIRONMENTS

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")
TARGET = "results/table1.csv"


@pytest.fixture
def edited(smoke, tmp_path):
    """A copy of the finished checkout that a test may change."""
    root = tmp_path / "project"
    shutil.copytree(smoke.root, root, symlinks=True)
    return type(smoke)(root)


def append(checkout, module, text="\n_EDITED = True\n"):
    with (checkout.root / "gwpipe" / module).open("a") as file:
        file.write(text)


def test_the_table_has_every_row_and_column(smoke):
    table = pd.read_csv(smoke.root / TARGET)
    columns = ["env", "model", "component", "flops", "encode_flops", "status", "updates", "env_steps"]
    columns += ["flops_per_update", "paper_flops", "paper_updates", "paper_updates_source", "paper_scale_flops"]
    columns += ["ratio_to_paper", "implied_updates", "scale", "seeds"]
    assert set(columns) <= set(table.columns)
    # The five models of Table I, and Simple Shapes' own Dreamer.
    assert len(table) == 2 * 5 * 5 + 5
    assert not table.duplicated(["env", "model", "component"]).any()
    assert set(table["scale"]) == {"smoke"}
    assert set(table["status"]) <= {"reached", "budget", "not_run", "na"}
    ran = table.query("model in ('gw_dreamer', 'vae_dreamer', 'clip_dreamer') and component == 'rl_1_task'")
    assert (ran["flops"] > 0).all()
    assert (ran["encode_flops"] > 0).all()
    assert (ran["updates"] > 0).all()
    dreamers = table.query(
        "model in ('dreamer_2m', 'dreamer_12m') and component == 'rl_1_task' and status != 'not_run'"
    )
    assert list(dreamers["model"]) == ["dreamer_2m", "dreamer_12m"]
    assert (dreamers["flops"] > 0).all()
    assert (dreamers["encode_flops"] == 0).all()


def test_several_tasks_share_one_representation(smoke, smoke_config):
    sets = smoke_config.environments.robodesk.agents.task_sets
    for name, tasks in (("figure7", sets.six), ("figure8", sets.extra)):
        numbers = pd.read_csv(smoke.root / f"results/figures/{name}.csv")
        assert list(numbers["task"].unique()) == tasks
        assert set(numbers["method"]) == set(sets.runs)
    table = pd.read_csv(smoke.root / TARGET).query("env == 'robodesk' and model == 'gw_dreamer'").set_index("component")
    assert table.loc["rl_6_tasks", "updates"] > table.loc["rl_1_task", "updates"] > 0
    assert table.loc["rl_4_extra_tasks", "flops"] > 0
    assert len(list((smoke.root / "results/smoke/robodesk/vae").iterdir())) == 2


@pytest.mark.parametrize("name", ["results/table1.md", "results/claims_flops.csv", "results/tables/parameters.csv"])
def test_the_other_results_are_there(smoke, name):
    assert (smoke.root / name).stat().st_size > 0


def test_every_artefact_has_a_manifest_of_one_schema(smoke):
    manifests = sorted((smoke.root / "results").rglob("*.manifest.json"))
    assert len(manifests) > 20
    keys = {frozenset(json.loads(path.read_text())) for path in manifests}
    assert len(keys) == 1
    for path in manifests:
        manifest = json.loads(path.read_text())
        assert manifest["scale"] == "smoke"
        assert path.with_name(manifest["artefact"]).exists()
        for name, digest in manifest["inputs"].items():
            assert json.loads((smoke.root / f"{name}.manifest.json").read_text())["sha256"] == digest


def test_curves_are_tidy(smoke, smoke_config):
    curves = [pd.read_csv(path) for path in (smoke.root / "results/smoke").rglob("curve.csv")]
    assert len(curves) == runs(smoke_config)
    for curve in curves:
        assert list(curve.columns) == ["env", "task", "method", "seed", "step", "metric", "value"]
        assert {"train_return", "eval_return"} <= set(curve["metric"])
        assert curve.query("metric == 'train_return'")["step"].is_monotonic_increasing


def test_no_checkpoint_and_no_partial_file_is_left(smoke):
    left = [path for path in (smoke.root / "results").rglob(".*") if "partial" in path.name or "scratch" in path.name]
    assert [path for path in left if path.is_file() or any(path.iterdir())] == []


def test_a_second_run_has_nothing_to_do(smoke):
    assert smoke.planned(TARGET, *SMOKE) == set()


def test_an_edit_of_a_tables_look_reruns_the_table_alone(edited):
    append(edited, "flops/markdown.py")
    assert edited.planned(TARGET, *SMOKE) == {"table1"}


def test_an_edit_of_a_loss_reruns_the_workspaces_and_what_follows(edited):
    append(edited, "workspace/losses.py")
    planned = edited.planned(TARGET, *SMOKE)
    rules = {job.split(":")[0] for job in planned}
    assert rules == {"train_workspace", "train_agent", "criterion", "count_flops", "table1"}
    assert not any("vae_dreamer" in job for job in planned)


def test_an_edit_of_an_expert_collects_its_data_anew_and_what_follows(edited):
    append(edited, "experts/push_button.py")
    planned = edited.planned(TARGET, *SMOKE)
    assert {job for job in planned if job.startswith("collect")} == {"collect:robodesk,push_green,expert"}
    rules = {"collect", "train_vae", "cache_latents", "train_workspace", "train_agent", "criterion", "table1"}
    assert {job.split(":")[0] for job in planned} == rules
    assert not any("simple_shapes" in job for job in planned)


def test_a_touch_reruns_nothing(edited):
    (edited.root / "gwpipe/workspace/losses.py").touch()
    assert edited.planned(TARGET, *SMOKE) == set()


def test_swapping_two_settings_reruns(edited):
    block = "environments.simple_shapes.representation.workspace"
    swap = f"set={block}.hidden=4 {block}.layers=16"
    rules = edited.planned(TARGET, *SMOKE, "--config", swap)
    assert {"train_workspace:simple_shapes,gw", "train_workspace:simple_shapes,clip", "table1"} <= rules
    assert not any(job.startswith(("collect", "train_vae", "cache_latents")) for job in rules)
    assert not any("robodesk" in job for job in rules if not job.startswith("count_flops"))


def test_an_agents_setting_reruns_no_representation(edited):
    change = "set=environments.robodesk.agents.dreaming.discount=0.9"
    planned = edited.planned(TARGET, *SMOKE, "--config", change)
    assert {job.split(":")[0] for job in planned} <= {"train_agent", "criterion", "count_flops", "table1"}
    assert not any("simple_shapes" in job for job in planned)


def test_another_scale_touches_nothing_of_this_one(smoke):
    done = smoke.snakemake("-n", TARGET)
    outputs = [line for line in done.stdout.splitlines() if line.strip().startswith("output:")]
    assert outputs
    assert not any("results/smoke/" in line for line in outputs)
    assert any("results/default/" in line for line in outputs)


def test_the_paper_scale_resolves(smoke, paper_config):
    planned = smoke.planned(TARGET, "--configfile", "workflow/scales/paper.yaml")
    assert sum(job.startswith("train_agent") for job in planned) == runs(paper_config) >= 30


def runs(config):
    """How many agents a configuration trains."""
    count = 0
    for agents in (config.environments[env].agents for env in ENVIRONMENTS):
        tasks = {agents.task, *agents.task_sets.trained}
        count += sum(len(seeds) for task in tasks for seeds in agents.runs_on(task).values())
    return count


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--config", "set=environments.robodesk.agents.env_step=3"], "did you mean 'env_steps'?"),
        (["--config", "scal=smoke"], "did you mean 'scale'?"),
        (["--config", "set=environments.robodesk.agents.env_steps=many"], "env_steps"),
        (["--config", "set=environments.robodesk.agents.task=push_gren"], "did you mean 'push_green'?"),
        (["--config", "set=environments.robodesk.agents.task_sets.six=[push_gren]"], "did you mean 'push_green'?"),
    ],
)
def test_a_mistake_stops_before_any_work(copy_project, tmp_path, words, message):
    checkout = copy_project(tmp_path / "project")
    done = checkout.snakemake(TARGET, *words, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout.root / "results").exists()
