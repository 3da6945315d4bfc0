"""What is made when trained agents are asked to act under noise, or on a modality that they were not trained on."""

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")


def test_noise_and_transfer_train_what_they_show_and_only_that(copy_project, tmp_path):
    checkout = copy_project(tmp_path / "project")
    planned = checkout.planned("results/figures/noise.png", *SMOKE)
    assert {"noise:simple_shapes,centre", "noise:robodesk,push_green", "draw_noise"} <= planned
    assert {job for job in planned if job.startswith("train_selection")} == {
        f"train_selection:simple_shapes,{rule},0" for rule in ("static", "attention", "precision")
    }
    assert not any("_attr," in job for job in planned if job.startswith("train_agent"))
    turned = checkout.planned("results/figures/transfer.png", *SMOKE)
    assert {"transfer:simple_shapes,centre", "transfer:robodesk,push_green", "draw_transfer"} <= turned
    assert "train_agent:simple_shapes,centre,gw_dreamer_attr,0" in turned
    assert not any(job.startswith("train_selection") for job in turned)


def test_an_agent_on_one_vae_waits_for_no_other(copy_project, tmp_path):
    path = "results/smoke/simple_shapes/agents/centre/vae_dreamer_v/seed0/weights.safetensors"
    planned = copy_project(tmp_path / "project").planned(path, *SMOKE)
    assert planned == {
        "collect:simple_shapes,centre,random",
        "train_vae:simple_shapes,v",
        "train_agent:simple_shapes,centre,vae_dreamer_v,0",
    }
