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


def test_the_study_of_holes_needs_data_latents_and_eyes_but_no_workspace(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/studies/out_of_distribution.csv", *SMOKE)
    assert {job.split(":")[0] for job in planned} == {
        "collect", "train_vae", "cache_latents", "train_reader", "out_of_distribution"
    }  # fmt: skip


def test_table_1_does_not_wait_for_them(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/table1.csv", *SMOKE)
    assert not {"train_reader", "workspace_quality", "figure2"} & planned
    assert "table1" in planned


def test_each_study_of_small_workspaces_asks_for_its_own_domains(copy_project, tmp_path):
    checkout = copy_project(tmp_path / "project")
    planned = checkout.planned("results/studies/never_paired.pdf", *SMOKE)
    assert {job.split(":")[0] for job in planned} == {
        "collect", "train_vae", "cache_latents", "workspace_study", "draw_study"
    }  # fmt: skip
    assert {job for job in planned if job.startswith("train_vae")} == {
        f"train_vae:simple_shapes,{name}" for name in ("attr", "t", "v")
    }
    assert not any("mask" in job for job in checkout.planned("results/studies/pairs.csv", *SMOKE))


def test_a_study_that_does_not_exist_is_one_line(copy_project, tmp_path):
    done = copy_project(tmp_path / "project").snakemake("-n", "results/studies/widht.csv", *SMOKE, check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "results/studies/widht.csv: study 'widht' is unknown; did you mean 'width'?" in told
    assert "Traceback" not in told


def test_the_table_of_experts_needs_them_and_nothing_trained(copy_project, tmp_path):
    planned = copy_project(tmp_path / "project").planned("results/tables/experts.csv", *SMOKE)
    assert planned == {"measure_expert:robodesk,push_green", "measure_expert:robodesk,stack", "expert_table"}
