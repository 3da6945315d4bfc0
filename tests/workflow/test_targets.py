"""A target whose names do not exist ends in one line that says which do, before any work."""

import pytest

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")
HOME = "results/smoke/simple_shapes"


@pytest.fixture(scope="module")
def checkout(copy_project, tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("targets") / "project")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("agents/centre/gw_dremer/seed0/weights.safetensors", "did you mean 'gw_dreamer'?"),
        ("vae/atr/weights.safetensors.manifest.json", "did you mean 'attr'?"),
        ("agents/center/random/returns.json", "task 'center' of simple_shapes is unknown; did you mean 'centre'?"),
        ("data/centre/expert.zarr", "there is centre/random"),
    ],
)
def test_an_unknown_name_is_one_line(checkout, target, message):
    done = checkout.snakemake("-n", f"{HOME}/{target}", *SMOKE, check=False)
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    assert "KeyError" not in told
    (line,) = [line for line in told.splitlines() if message in line]
    assert line.startswith(f"{HOME}/{target}: ")


def test_an_unknown_environment_is_one_line(checkout):
    done = checkout.snakemake("-n", "results/smoke/simple_shape/criterion/centre.json", *SMOKE, check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "environment 'simple_shape' is unknown; did you mean 'simple_shapes'?" in told
    assert "Traceback" not in told


def test_a_target_of_another_scale_is_one_line(checkout):
    target = "results/desk/robodesk/agents/push_green/gw_dreamer/seed0/curve.csv"
    done = checkout.snakemake("-n", target, *SMOKE, check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    said = f"{target}: this call is of the scale 'smoke'; give it --configfile workflow/scales/desk.yaml"
    assert [line for line in told.splitlines() if line == said]
    assert "Traceback" not in told


@pytest.mark.parametrize("target", ["figures/figure2.png", "tables/workspace_quality.csv"])
def test_a_figure_of_domains_that_workspaces_do_not_see_is_one_line(checkout, target):
    domains = "environments.simple_shapes.representation.domains"
    words = ("-n", f"results/{target}", *SMOKE, "--config", f"set={domains}=[v,t]")
    done = checkout.snakemake(*words, check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in told
    (line,) = [line for line in told.splitlines() if f"{domains} is [v, t]; set it to [v, t, attr]" in line]
    assert line.startswith(f"results/{target}: ")


def test_what_exists_is_planned_though_no_table_asks_for_it(checkout):
    assert "train_agent:simple_shapes,centre,gw_dreamer,7" in checkout.planned(
        f"{HOME}/agents/centre/gw_dreamer/seed7/curve.csv", *SMOKE
    )


def test_workers_of_a_collection_are_its_threads(checkout):
    words = ("-n", "-p", "--cores", "12", f"{HOME}/data/centre/random.zarr", *SMOKE, "--set-threads", "collect=4")
    done = checkout.snakemake(*words)
    assert "threads: 4" in done.stdout
    assert "--threads 4 " in done.stdout
