"""What is made when the studies of a representation are asked for, and that nobody else asks for them."""

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")


def test_the_figure_needs_no_agent_no_clip_and_no_robodesk(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/figures/figure2.png", *SMOKE)
    assert {job.split(":")[0] for job in planned} == {
        "collect", "train_vae", "cache_latents", "train_workspace", "train_reader", "figure2"
    }  # fmt: skip
    assert not any("clip" in job or "robodesk" in job for job in planned)


def test_the_table_needs_both_workspaces_and_shares_the_reader(copy_project, tmp_path):
    targets = ("results/tables/workspace_quality.csv", "results/figures/figure2.png")
    planned = copy_project(tmp_path / "project").planned(*targets, *SMOKE)
    assert {"train_workspace:simple_shapes,gw", "train_workspace:simple_shapes,clip"} <= planned
    assert {"train_reader", "workspace_quality", "figure2"} <= planned


def test_table_1_does_not_wait_for_them(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/table1.csv", *SMOKE)
    assert not {"train_reader", "workspace_quality", "figure2"} & planned
    assert "table1" in planned


def test_the_table_of_experts_needs_them_and_nothing_trained(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/tables/experts.csv", *SMOKE)
    assert planned == {"measure_expert:robodesk,push_green", "measure_expert:robodesk,stack", "expert_table"}
