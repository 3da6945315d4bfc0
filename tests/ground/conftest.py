"""The configuration as its file has it."""

import pytest
import yaml


@pytest.fixture
def raw(repository):
    return yaml.safe_load((repository / "config.yaml").read_text())
