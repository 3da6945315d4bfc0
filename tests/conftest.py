"""Fixtures that every room may use."""

import os
from pathlib import Path

import pytest

# Several workers share few cores; must be set before the first import of torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from gwpipe.settings import Config, load

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def smoke_config() -> Config:
    return load([REPOSITORY / "config.yaml", REPOSITORY / "workflow/scales/smoke.yaml"])


@pytest.fixture(scope="session")
def paper_config() -> Config:
    return load([REPOSITORY / "config.yaml", REPOSITORY / "workflow/scales/paper.yaml"])
