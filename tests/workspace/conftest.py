"""What the tests of the workspace share: weights that are given, and small workspaces with latents."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from gwpipe.workspace.fusion import Weights
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace

ALL = {"dcy": 1, "cy": 1, "tr": 1, "fusion": 1, "cont": 0.1}
"""Table IX, GW."""


class Given(Selection):
    """Fusion weights from a table: domains → (B, n)."""

    rule = "given"

    def __init__(self, table: Mapping[tuple[str, ...], Tensor]) -> None:
        super().__init__()
        self.table = table

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        weights = self.table[tuple(pre)]
        return {name: weights[:, i : i + 1] for i, name in enumerate(pre)}


@pytest.fixture
def given() -> Callable[[Mapping[tuple[str, ...], Tensor]], Given]:
    return Given


@pytest.fixture
def coefficients() -> dict[str, float]:
    return dict(ALL)


@pytest.fixture
def workspace() -> Workspace:
    torch.manual_seed(0)
    return Workspace({"v": 4, "attr": 3}, dim=5, hidden=8, layers=2)


@pytest.fixture
def u() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {"v": torch.randn(6, 4, generator=generator), "attr": torch.randn(6, 3, generator=generator)}
