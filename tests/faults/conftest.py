"""The artefacts that faults are tried on."""

import shutil

import harness
import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A root in which the representation of Simple Shapes was made at smoke scale."""
    root = tmp_path_factory.mktemp("finished")
    told = root / "told.log"
    for stage in harness.STAGES[:4]:
        wildcards, target = harness.CASES[stage].wildcards, harness.CASES[stage].target
        harness.finish(harness.Case(stage, wildcards, target).words(root, 60), told)
        if stage in ("train_vae", "cache_latents"):  # of the other domain
            other = tuple("attr" if word == "v" else word for word in wildcards)
            harness.finish(harness.Case(stage, other, target).words(root, 60), told)
    return root


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished root."""
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    return root
