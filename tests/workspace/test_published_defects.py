"""What the published implementations get wrong and no other test of this room already looks for.

Totals that are means or drop integers, demi-cycles that overwrite each other, contrastive losses of two domains only:
`test_losses`, `test_objective`. Devices taken for batch sizes, batches of one row, copies that are none:
`test_selection`, `test_selection_training`.
"""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from gwpipe.data.pairing import groups_of
from gwpipe.domains.fit import Run
from gwpipe.settings.representation import (
    LossWeights,
    OptimisationSettings,
    PairingSettings,
    SelectionSettings,
    WorkspaceSettings,
)
from gwpipe.workspace.groups import as_groups, take
from gwpipe.workspace.selection.registry import RULES, make_selection, save_selection
from gwpipe.workspace.training import make_workspace, measure_workspace, train_workspace
from gwpipe.workspace.workspace import Workspace, save_workspace


def test_data_training_and_validation_fit_together() -> None:
    """Published: the newest data set and the newest framework name their batches differently."""
    u = {name: torch.randn(80, width, generator=torch.manual_seed(width)) for name, width in (("v", 4), ("attr", 3))}
    amounts = PairingSettings(amounts={"v": 1.0, "attr": 0.5, "v+attr": 10})
    groups = take(u, groups_of(80, amounts, seed=0))
    rates = {"start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}
    settings = WorkspaceSettings(
        dim=5, hidden=8, layers=1, kinds={}, optimisation=OptimisationSettings(steps=2, batch_size=16, **rates)
    )
    weights = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
    workspace = make_workspace({"v": 4, "attr": 3}, settings)
    measured = train_workspace(workspace, groups, u, weights, settings, Run(0, "test"))
    assert {f"{part}_{name}" for part in ("train", "held_out") for name in weights.model_dump()} < set(measured)
    ahead = measure_workspace(workspace, as_groups(groups, workspace.domains), weights, settings, seed=0)
    assert ahead == {name.removeprefix("train_"): v for name, v in measured.items() if name.startswith("train_")}


@pytest.mark.parametrize("what", ["workspace", *RULES])
def test_files_name_no_classes(tmp_path: Path, what: str) -> None:
    """Published: checkpoints hold class paths, and every renaming needs a migration."""
    path = tmp_path / "weights"
    domains = {"v": 4, "attr": 3}
    if what == "workspace":
        save_workspace(path, Workspace(domains, 5, 8, 1), "gw")
    else:
        save_selection(path, make_selection(SelectionSettings(rule=what, domain="v"), domains, 5))
    with safe_open(path, framework="pt") as file:
        description = file.metadata()["description"]
    assert isinstance(json.loads(description), dict)
    assert not re.search(r"gwpipe|torch|\b[A-Z][a-z]+[A-Z]", description)


def test_nothing_is_unpickled(repository: Path) -> None:
    for file in repository.rglob("gwpipe/**/*.py"):
        assert not re.search(r"torch\.(load|save)\(|import pickle", file.read_text()), file
