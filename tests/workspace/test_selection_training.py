"""A workspace learns whom to trust; corruption is what it says it is."""

from typing import get_args

import pytest
import torch
from torch import Tensor

from gwpipe.domains.fit import Run
from gwpipe.errors import UserError
from gwpipe.seeding import torch_generator
from gwpipe.settings.representation import (
    CorruptionSettings,
    LearnedRule,
    LossWeights,
    OptimisationSettings,
    SelectionSettings,
)
from gwpipe.settings.representation import WorkspaceSettings as Settings
from gwpipe.workspace.corruption import CLEAN, Damage, Spread, corrupt, draw_damage
from gwpipe.workspace.selection.registry import RULES, make_selection
from gwpipe.workspace.selection_training import measure_selection, oracle_weights, train_selection
from gwpipe.workspace.training import make_workspace, train_workspace
from gwpipe.workspace.workspace import Workspace

LEARNED = [name for name, kind in RULES.items() if kind.learns]
RATES = {"start_lr": 1e-3, "max_lr": 1e-2, "end_lr": 1e-4, "weight_decay": 1e-6}


def latents(rows: int, seed: int = 0) -> dict[str, Tensor]:
    """Two views of the same three numbers."""
    hidden = torch.rand(rows, 3, generator=torch_generator("hidden", seed)) - 0.5
    mixing = torch.randn(3, 5, generator=torch_generator("mixing"))
    return {"v": torch.sin(hidden @ mixing), "attr": hidden}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    torch.set_num_threads(1)
    settings = Settings(
        dim=6,
        hidden=32,
        layers=1,
        kinds={},
        standardise=True,
        optimisation=OptimisationSettings(steps=300, batch_size=64, **RATES),
    )
    workspace = make_workspace({"v": 5, "attr": 3}, settings)
    weights = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
    train_workspace(workspace, latents(1000), latents(50, 1), weights, settings, Run(0, "test"))
    workspace.zero_grad()
    return workspace


def settings(rule: str, steps: int = 250, **corruption: object) -> SelectionSettings:
    return SelectionSettings(
        rule=rule,
        corruption=CorruptionSettings(**{"strengths": [1.0, 3.0]} | corruption),
        optimisation=OptimisationSettings(steps=steps, batch_size=128, **RATES),
    )


def test_settings_know_which_rules_learn() -> None:
    assert sorted(get_args(LearnedRule)) == sorted(LEARNED)


def test_learned_weights_beat_equal_ones_where_a_modality_fails(workspace: Workspace) -> None:
    train, unseen = latents(1000), latents(400, 2)
    learned = {}
    for rule in ("precision", "attention"):
        learned[rule] = make_selection(settings(rule), workspace.domains, workspace.dim)
        train_selection(learned[rule], workspace, train, settings(rule), Run(0, "test"))
    measured = measure_selection(workspace, unseen, learned, settings("equal").corruption, Spread.of(train))
    error = {(m.rule, m.corruption, m.strength): m.error for m in measured}
    for rule in learned:
        assert error[rule, "two_sided", 3.0] < 0.5 * error["equal", "two_sided", 3.0]
        assert error[rule, "missing", 0.0] < 0.5 * error["equal", "missing", 0.0]
        assert error[rule, "clean", 0.0] < 2 * error["equal", "clean", 0.0] + 0.02
    assert error["oracle", "two_sided", 3.0] < error["equal", "two_sided", 3.0]
    assert error["oracle", "clean", 0.0] == error["equal", "clean", 0.0]
    assert len(measured) == 4 * (1 + 2 + 1)


def test_static_weights_learn_which_side_fails(workspace: Workspace) -> None:
    chosen = settings("static", 100, kinds=["one_sided"], side="attr", clean=0.0)
    selection = make_selection(chosen, workspace.domains, workspace.dim)
    train_selection(selection, workspace, latents(1000), chosen, Run(0, "test"))
    u = latents(3)
    weights = selection(u, workspace.encode(u))
    assert torch.as_tensor(weights["v"]).min() > 0.65


@pytest.mark.parametrize("rule", LEARNED)
def test_the_workspace_stays_as_it_is(workspace: Workspace, rule: str) -> None:
    before = {key: value.clone() for key, value in workspace.state_dict().items()}
    selection = make_selection(settings(rule), workspace.domains, workspace.dim)
    start = {key: value.clone() for key, value in selection.state_dict().items()}
    train_selection(selection, workspace, latents(200), settings(rule, 3), Run(0, "test"))
    assert all(p.grad is None for p in workspace.parameters())
    assert all(torch.equal(value, workspace.state_dict()[key]) for key, value in before.items())
    assert any(not torch.equal(value, selection.state_dict()[key]) for key, value in start.items())


def test_a_rule_that_learns_nothing_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="nothing to learn"):
        train_selection(
            make_selection(settings("equal"), workspace.domains, 6),
            workspace,
            latents(9),
            settings("equal"),
            Run(0, "t"),
        )


def test_corruption_leaves_its_input_alone_and_hits_one_side() -> None:
    """Published code corrupts what it calls a copy."""
    u = latents(4)
    kept = {name: value.clone() for name, value in u.items()}
    spread = Spread(
        {x: torch.full((v.shape[1],), 7.0) for x, v in u.items()}, {x: torch.ones(v.shape[1]) for x, v in u.items()}
    )
    damage = Damage(torch.tensor([0, 1, CLEAN, 0]), torch.tensor([False, False, False, True]), torch.full((4,), 2.0))
    found = corrupt(u, damage, spread, torch_generator("test"))
    for name in u:
        assert torch.equal(u[name], kept[name])
        assert found[name] is not u[name]
    changed = {name: (found[name] != u[name]).any(1).tolist() for name in u}
    assert changed == {"v": [True, False, False, True], "attr": [False, True, False, False]}
    assert (found["v"][3] == 7.0).all()


def test_noise_has_the_strength_that_is_asked_for() -> None:
    u = {"v": torch.zeros(50_000, 2)}
    spread = Spread({"v": torch.zeros(2)}, {"v": torch.tensor([1.0, 10.0])})
    damage = Damage(
        torch.zeros(50_000, dtype=torch.int64), torch.zeros(50_000, dtype=torch.bool), torch.full((50_000,), 0.5)
    )
    noise = corrupt(u, damage, spread, torch_generator("test"))["v"]
    torch.testing.assert_close(noise.std(0), torch.tensor([0.5, 5.0]), rtol=0.02, atol=0)


def test_corruption_works_on_one_row_and_where_the_batch_lies() -> None:
    """Published code passes the batch size where a device belongs."""
    u = {name: value.to("meta") for name, value in latents(1).items()}
    spread = Spread({x: v[0] for x, v in u.items()}, {x: v[0] for x, v in u.items()})
    damage = draw_damage(list(u), 1, CorruptionSettings(), torch_generator("test"))
    found = corrupt(u, damage, spread, torch_generator("test"))
    assert {name: (value.shape, value.device.type) for name, value in found.items()} == {
        "v": ((1, 5), "meta"),
        "attr": ((1, 3), "meta"),
    }


def test_damage_is_drawn_in_the_asked_proportions() -> None:
    chosen = CorruptionSettings(kinds=["one_sided", "missing"], side="attr", strengths=[1, 2], clean=0.25)
    damage = draw_damage(["v", "attr"], 40_000, chosen, torch_generator("test"))
    share = {side: (damage.side == side).float().mean().item() for side in (CLEAN, 0, 1)}
    # Half of the damage is on attr by choice; of the other half each domain has half.
    assert share == pytest.approx({CLEAN: 0.25, 0: 0.75 / 4, 1: 3 * 0.75 / 4}, abs=0.01)
    assert damage.missing.float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert set(damage.strength.tolist()) == {1.0, 2.0}
    with pytest.raises(UserError, match="side"):
        draw_damage(["v", "attr"], 4, CorruptionSettings(kinds=["one_sided"], side="t"), torch_generator("test"))


def test_the_oracle_knows_the_side() -> None:
    weights = oracle_weights(torch.tensor([CLEAN, 0, 2]), {"a": 0, "b": 0, "c": 0})
    found = torch.cat([torch.as_tensor(weight) for weight in weights.values()], dim=1)
    torch.testing.assert_close(found, torch.tensor([[1 / 3] * 3, [0, 0.5, 0.5], [0.5, 0.5, 0]]))
    assert torch.as_tensor(oracle_weights(torch.tensor([0]), {"a": 0})["a"]).item() == 1
