"""The workspace learns what it should, and a killed training ends with the same weights."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gwpipe.domains import fit as room
from gwpipe.domains.fit import Run, one_cycle
from gwpipe.errors import UserError
from gwpipe.settings.representation import LossWeights, OptimisationSettings, WorkspaceSettings
from gwpipe.workspace.losses import MARGIN
from gwpipe.workspace.training import make_workspace, train_workspace
from gwpipe.workspace.workspace import Workspace

GW = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
CLIP = LossWeights(dcy=0, cy=0, tr=0, fusion=0, cont=1)


def settings(steps: int, batch_size: int = 64, standardise: bool = False) -> WorkspaceSettings:
    optimisation = OptimisationSettings(
        steps=steps, batch_size=batch_size, start_lr=1e-3, max_lr=1e-2, end_lr=1e-4, weight_decay=1e-6
    )
    return WorkspaceSettings(dim=4, hidden=32, layers=1, kinds={}, standardise=standardise, optimisation=optimisation)


@pytest.fixture
def latents() -> dict[str, Tensor]:
    """Two views of the same three numbers: one linear, one not."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    hidden = torch.rand(600, 3, generator=generator) - 0.5
    mixing = torch.randn(3, 5, generator=generator)
    return {"v": torch.sin(hidden @ mixing), "attr": hidden.clone()}


def split(latents: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return {k: u[:500] for k, u in latents.items()}, {k: u[500:] for k, u in latents.items()}


def train(
    latents: dict[str, Tensor], weights: LossWeights, chosen: WorkspaceSettings, run: Run
) -> tuple[Workspace, dict]:
    workspace = make_workspace({"v": 5, "attr": 3}, chosen, run.seed)
    measured = train_workspace(workspace, *split(latents), weights, chosen, run)
    return workspace, measured


@pytest.mark.parametrize("standardise", [False, True])
def test_gw_learns_to_translate(latents: dict[str, Tensor], standardise: bool) -> None:
    workspace, measured = train(latents, GW, settings(200, standardise=standardise), Run(0, "test"))
    _, held_out = split(latents)
    for source, target in (("v", "attr"), ("attr", "v")):
        error = (workspace.translate({source: held_out[source]}, target) - held_out[target]).square().mean()
        assert error < 0.1 * held_out[target].var()
    assert set(measured) == {
        f"{p}_{n}" for p in ("train", "held_out") for n in ("loss", "dcy", "cy", "tr", "fusion", "cont")
    }


def test_clip_aligns_and_nothing_else(latents: dict[str, Tensor]) -> None:
    workspace, measured = train(latents, CLIP, settings(120), Run(0, "test"))
    _, held_out = split(latents)
    pre = workspace.encode(held_out)
    unit = {name: z / z.norm(dim=1, keepdim=True) for name, z in pre.items()}
    nearest = (unit["v"] @ unit["attr"].T).argmax(1)
    assert (nearest == torch.arange(100)).float().mean() > 0.5
    assert set(measured) == {"train_loss", "train_cont", "held_out_loss", "held_out_cont"}


def test_hardest_negatives_align_beside_the_other_losses(latents: dict[str, Tensor]) -> None:
    """Alone they settle where all rows look alike, at twice the margin; demi-cycles do not allow that."""
    chosen = settings(300).model_copy(update={"contrastive": "vse_pp"})
    workspace, measured = train(latents, GW, chosen, Run(0, "test"))
    _, held_out = split(latents)
    unit = {name: z / z.norm(dim=1, keepdim=True) for name, z in workspace.encode(held_out).items()}
    assert ((unit["v"] @ unit["attr"].T).argmax(1) == torch.arange(100)).float().mean() > 0.7
    assert measured["held_out_cont"] < 0.9 * 2 * MARGIN


def test_unpaired_rows_train_beside_few_pairs(latents: dict[str, Tensor]) -> None:
    """Pairs teach the translation, which rows of one domain alone cannot; they keep the demi-cycles in shape."""
    chosen = settings(200)
    pairs = {k: u[:60] for k, u in latents.items()}
    groups = {("v", "attr"): pairs, ("v",): {"v": latents["v"][60:500]}, ("attr",): {"attr": latents["attr"][60:500]}}
    _, held_out = split(latents)
    workspace = make_workspace({"v": 5, "attr": 3}, chosen, 0)
    measured = train_workspace(workspace, groups, held_out, GW, chosen, Run(0, "test"))
    assert measured["held_out_tr"] < 0.3 * torch.cat([u.flatten() for u in held_out.values()]).var()
    assert {"train_dcy", "train_tr"} <= set(measured)


def test_rows_of_one_domain_alone_train_what_they_can(latents: dict[str, Tensor]) -> None:
    chosen = settings(40)
    workspace = make_workspace({"v": 5, "attr": 3}, chosen, 0)
    measured = train_workspace(workspace, {("v",): latents}, latents, GW, chosen, Run(0, "test"))
    assert set(measured) >= {"train_loss", "train_dcy", "train_cy", "held_out_tr"}
    assert "train_tr" not in measured


def test_groups_that_train_nothing_are_refused(latents: dict[str, Tensor]) -> None:
    workspace = make_workspace({"v": 5, "attr": 3}, settings(1), 0)
    with pytest.raises(UserError, match="coefficients are all 0"):
        train_workspace(workspace, {("v",): latents}, latents, CLIP, settings(1), Run(0, "test"))


@pytest.mark.parametrize("standardise", [False, True])
def test_one_row_is_refused_before_the_training(latents: dict[str, Tensor], standardise: bool) -> None:
    """It has no standard deviation; nor has what is held out, which is measured afterwards."""
    chosen = settings(1, standardise=standardise)
    workspace = make_workspace({"v": 5, "attr": 3}, chosen, 0)
    first = {name: u[:1] for name, u in latents.items()}
    watched: list[int] = []
    for groups, held_out in (({("v", "attr"): first, ("v",): latents}, latents), (latents, first)):
        with pytest.raises(UserError, match="at least two"):
            train_workspace(workspace, groups, held_out, GW, chosen, Run(0, "test", watch=watched.append))
    assert not watched
    assert all(buffer.isfinite().all() for buffer in workspace.buffers())


def test_three_domains_two_of_which_are_never_paired(latents: dict[str, Tensor]) -> None:
    chosen = settings(250)
    three = latents | {"t": latents["attr"] ** 3}
    groups = {
        ("v", "attr"): {k: three[k][:250] for k in ("v", "attr")},
        ("attr", "t"): {k: three[k][250:500] for k in ("attr", "t")},
    }
    workspace = make_workspace({"v": 5, "attr": 3, "t": 3}, chosen, 0)
    unseen = {k: u[500:] for k, u in three.items()}
    train_workspace(workspace, groups, unseen, GW, chosen, Run(0, "test"))
    error = (workspace.translate({"t": unseen["t"]}, "v") - unseen["v"]).square().mean()
    assert error < 0.5 * unseen["v"].var()


def test_a_learnt_temperature_learns(latents: dict[str, Tensor]) -> None:
    chosen = settings(20).model_copy(update={"learn_temperature": True})
    workspace, _ = train(latents, CLIP, chosen, Run(0, "test"))
    assert isinstance(workspace.log_temperature, Tensor)
    assert workspace.log_temperature.item() != pytest.approx(math.log(1 / 0.07), abs=1e-3)


class Killed(BaseException):
    """Stands for a kill."""


def test_resumed_training_ends_with_the_same_weights(
    latents: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(0, "test", tmp_path / "checkpoint.safetensors", "a", checkpoint_seconds=0)
    chosen = settings(12, 16, standardise=True)
    whole, _ = train(latents, GW, chosen, replace(run, checkpoint=None))
    stop_at: int | None = 7

    def dying(step: int, optimisation: OptimisationSettings) -> float:
        if step == stop_at:
            raise Killed
        return one_cycle(step, optimisation)

    monkeypatch.setattr(room, "one_cycle", dying)
    with pytest.raises(Killed):
        train(latents, GW, chosen, run)
    stop_at = None
    resumed, _ = train(latents, GW, chosen, run)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
