"""The benchmark of the training step compares what it says it compares."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from gwpipe.workspace.selection.fixed import Random

SMALL = {"latent": 4, "dim": 5, "hidden": 8, "layers": 2}


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("workspace_step", repository / "benchmarks" / "workspace_step.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("domains", [2, 3, 4])
def test_losses_and_gradients_agree(benchmark: ModuleType, domains: int) -> None:
    workspace, u = benchmark.make(SMALL, domains, 64)
    assert benchmark.disagreement(workspace, u) < benchmark.TOLERANCE


def test_a_disagreement_is_seen(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, u = benchmark.make(SMALL, 2, 64)
    correct = benchmark.Transcription.fusion
    monkeypatch.setattr(benchmark.Transcription, "fusion", lambda self: 1.001 * correct(self))
    assert benchmark.disagreement(workspace, u) > benchmark.TOLERANCE


def test_passes_are_counted(benchmark: ModuleType) -> None:
    """Two domains: 12 passes of ours, 22 of one loss after another."""
    workspace, u = benchmark.make(SMALL, 2, 16)
    plain = benchmark.Transcription(workspace, u, benchmark.random_mix)
    assert benchmark.passes(workspace, u, lambda: benchmark.ours(workspace, u, Random(0.2))) == (4, 8)
    assert benchmark.passes(workspace, u, plain.by_loss) == (12, 10)
    assert benchmark.passes(workspace, u, plain.by_subset) == (8, 8)


def test_a_report_is_printed(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    monkeypatch.setitem(benchmark.SIZES, "simple_shapes", SMALL)
    assert benchmark.report("simple_shapes", 2, 32, 1)
    shown = capsys.readouterr().out
    assert "goal 3.0 x" in shown
    assert "12 +  10 passes" in shown
