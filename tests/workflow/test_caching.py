"""VAEs, latents and workspaces are shared between checkouts through Snakemake's cache."""

import re

import pytest

from gwpipe.artefact import verify

SMOKE = ("--configfile", "workflow/scales/smoke.yaml")
TARGET = "results/smoke/simple_shapes/workspace/gw/weights.safetensors"


def eligible(done):
    return set(re.findall(r"rule (\w+) is eligible for caching", done.stdout + done.stderr))


def test_rules_that_train_a_representation_may_be_cached(copy_project, tmp_path, monkeypatch):
    checkout = copy_project(tmp_path / "project")
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    done = checkout.snakemake("-n", TARGET, *SMOKE)
    assert eligible(done) == {"train_vae", "cache_latents", "train_workspace"}
    (folder,) = (tmp_path / "cache").iterdir()
    assert re.fullmatch(r"packages-[0-9a-f]{12}", folder.name)


@pytest.mark.slow
def test_a_second_checkout_takes_them_from_the_cache(copy_project, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "cache"))
    first, second = (copy_project(tmp_path / name) for name in ("first", "second"))
    first.snakemake(TARGET, *SMOKE, "--cache")
    second.snakemake(TARGET, *SMOKE, "--cache")
    assert {log.parent.name for log in second.root.glob("logs/smoke/*/*.status.json")} == {"collect"}
    home = second.root / "results/smoke/simple_shapes"
    for name in ("vae/v/weights.safetensors", "latents/centre/random/attr.zarr", "workspace/gw/weights.safetensors"):
        manifest = verify(home / name)
        assert manifest["sha256"] == verify(first.root / "results/smoke/simple_shapes" / name)["sha256"]
    # What came out of the cache serves as an input, and nothing is made twice.
    target = "results/smoke/simple_shapes/selection/static/seed0/weights.safetensors"
    second.snakemake(target, *SMOKE, "--cache")
    assert {log.parent.name for log in second.root.glob("logs/smoke/*/*.status.json")} == {"collect", "train_selection"}
    assert second.planned(target, *SMOKE, "--cache") == set()
    assert second.gwpipe("explain", target, "--verify").returncode == 0
    # Other settings are another entry.
    change = "set=environments.simple_shapes.representation.vae.attr.beta=0.7"
    assert "train_vae:simple_shapes,attr" in second.planned(target, *SMOKE, "--cache", "--config", change)
