"""The study of fusion rules on a workspace whose decoders are perfect: what is broken shows, and who hears it."""

import math

import pandas as pd
import pytest
import torch

from gwpipe.figures.fusion_rules import draw_fusion_rules
from gwpipe.settings.representation import CorruptionSettings, SelectionSettings
from gwpipe.studies.fusion_rules import COLUMNS, rule_rows
from gwpipe.studies.tidy import tidy_frame
from gwpipe.workspace.selection.static import Static
from gwpipe.workspace.workspace import Workspace

SETTINGS = SelectionSettings(corruption=CorruptionSettings(kinds=["two_sided", "missing"], strengths=[2.0]))


@pytest.fixture
def frame() -> pd.DataFrame:
    """Two domains that say the same thing; encoders and decoders undo each other, so clean inputs give no error."""
    workspace = Workspace({"v": 1, "attr": 1}, dim=1, hidden=1, layers=1)
    workspace.encoders["v"] = workspace.encoders["attr"] = torch.nn.Identity()

    class Inverse(torch.nn.Module):
        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return torch.atanh(z.clamp(-1 + 1e-6, 1 - 1e-6))

    workspace.decoders["v"] = workspace.decoders["attr"] = Inverse()
    truth = torch.linspace(-1, 1, 400).unsqueeze(1)
    u = {"v": truth, "attr": truth.clone()}
    learned = {("static", seed): Static({"v": 1, "attr": 1}) for seed in (0, 1)}
    return tidy_frame(rule_rows(workspace, u, u, learned, SETTINGS), COLUMNS, env="e", scale="s", seed=0)


def error(frame: pd.DataFrame, rule: str, corruption: str) -> float:
    rows = frame[(frame["rule"] == rule) & (frame["corruption"] == corruption)]
    return float(rows["error"].mean())


def test_every_rule_on_every_input(frame: pd.DataFrame) -> None:
    assert set(frame["rule"]) == {"equal", "single_v", "single_attr", "random", "static", "oracle"}
    assert set(frame["corruption"]) == {"clean", "two_sided", "missing"}
    assert len(frame) == 3 * (4 + 2 + 2)
    assert set(frame.loc[frame["rule"] == "static", "rule_seed"]) == {0, 1}
    assert frame.loc[frame["rule"] == "oracle", "rule_seed"].isna().all()


def test_the_oracle_hears_nothing_of_the_damage_and_equal_weights_half_of_it(frame: pd.DataFrame) -> None:
    assert error(frame, "equal", "clean") == pytest.approx(0, abs=1e-8)
    assert error(frame, "oracle", "two_sided") == pytest.approx(0, abs=1e-8)
    spread = torch.linspace(-1, 1, 400).std().item()
    # Half of the noise arrives, of twice the spread: its square is one spread squared.
    assert error(frame, "equal", "two_sided") == pytest.approx(spread**2, rel=0.25)
    # A single domain is broken in half of the rows and then hears all of it.
    assert error(frame, "single_v", "two_sided") == pytest.approx(2 * spread**2, rel=0.3)


def test_ratios_are_to_equal_weights_on_the_same_input(frame: pd.DataFrame) -> None:
    damaged = frame[frame["corruption"] != "clean"]
    for kind, rows in damaged.groupby("corruption"):
        ratios = rows["error"] / error(frame, "equal", str(kind))
        assert all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(ratios, rows["ratio_to_equal"]))


def test_the_picture_has_a_group_an_input_and_a_colour_a_rule(frame: pd.DataFrame) -> None:
    (axes,) = draw_fusion_rules(frame).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["clean", "two_sided\n2 sd", "missing"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(dict.fromkeys(frame["rule"]))
