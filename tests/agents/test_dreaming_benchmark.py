"""The benchmark of an agent's update: its transcription agrees with ours, and a wrong one would be noticed."""

import copy
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from gwpipe.agents.dreaming import build_networks
from gwpipe.settings import load


@pytest.fixture
def benchmark(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(repository / "benchmarks")
    return importlib.import_module("dreaming_step")


@pytest.mark.parametrize("env", ["simple_shapes", "robodesk"])
def test_losses_and_gradients_agree_and_a_disagreement_is_seen(
    benchmark: ModuleType, repository: Path, monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"])
    study = config.environments[env]
    settings, dim = study.agents.dreaming, study.representation.workspace.dim
    networks = build_networks(settings, dim, not settings.standardised_z, benchmark.SPACES[env])
    networks = benchmark.shaken(networks)
    batch = benchmark.random_batch(networks, settings, dim)
    assert benchmark.disagreement(copy.deepcopy(networks), batch, settings) <= benchmark.TOLERANCE
    code = benchmark.Transcription.code
    monkeypatch.setattr(benchmark.Transcription, "code", staticmethod(lambda value, bins: 1.001 * code(value, bins)))
    assert benchmark.disagreement(networks, batch, settings) > benchmark.TOLERANCE
