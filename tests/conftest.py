"""Fixtures that every room may use."""

from pathlib import Path

import pytest

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
