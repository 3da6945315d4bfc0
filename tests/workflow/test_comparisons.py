"""What is made for a figure or a table, and nothing that it does not show."""

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")


def test_each_trains_what_it_shows_and_only_that(copy_project, tmp_path):
    checkout = copy_project(tmp_path / "project")
    planned = checkout.planned("results/figures/noise.png", *SMOKE)
    assert {"noise:simple_shapes,centre", "noise:robodesk,push_green", "draw_noise"} <= planned
    assert {job for job in planned if job.startswith("train_selection")} == {
        f"train_selection:simple_shapes,{rule},0" for rule in ("static", "attention", "precision")
    }
    assert not any("_attr," in job for job in planned if job.startswith("train_agent"))
    # An agent on one VAE waits for no other, and none of them for a rule of fusion; a dream, for nobody without one.
    agents = "environments.simple_shapes.agents"
    removed = [f"{agents}.transfer.runs.gw_dreamer_attr=[]"]
    removed += [f"{agents}.runs.{method}=[]" for method in ("gw_dreamer", "vae_dreamer", "clip_dreamer")]
    targets = [f"results/smoke/simple_shapes/{stage}/centre.csv" for stage in ("transfer", "open_loop")]
    alone = checkout.planned(*targets, *SMOKE, "--config", f"set={' '.join(removed)} {agents}.runs.ppo=[0]")
    assert alone == {
        "collect:simple_shapes,centre,random",
        "train_vae:simple_shapes,attr",
        "train_agent:simple_shapes,centre,vae_dreamer_attr,0",
        "transfer:simple_shapes,centre",
        "train_agent:simple_shapes,centre,dreamer_2m,0",
        "open_loop:simple_shapes,centre",
    }


def test_table_1_is_of_the_environments_and_models_that_run(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned(
        "results/table1.csv", "--configfile", "workflow/scales/desk.yaml"
    )
    shapes = {job for job in planned if "simple_shapes" in job}
    assert shapes == {"count_flops:simple_shapes,centre"}, "its operations are counted, without a run"
    assert {job for job in planned if job.startswith("train_workspace")} == {"train_workspace:robodesk,gw"}
    assert "criterion:robodesk,push_green" in planned
