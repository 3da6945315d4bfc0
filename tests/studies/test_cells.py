"""Cells trained as stacks: each as it would be alone, and killed runs as if they had not been."""

import numpy as np
import pytest
import torch

from gwpipe.domains.fit import Run
from gwpipe.settings.representation import LossWeights, OptimisationSettings, WorkspaceSettings
from gwpipe.studies.cells import Cell, losses_named, train_cells
from gwpipe.workspace.groups import take
from gwpipe.workspace.training import make_workspace, train_workspace

FULL = LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
ATTR_V = ("attr", "v")


def settings(steps=20):
    optimisation = OptimisationSettings(
        steps=steps, batch_size=16, max_lr=5e-3, start_lr=5e-4, end_lr=5e-5, weight_decay=1e-2
    )
    return WorkspaceSettings(dim=4, hidden=8, layers=2, kinds={}, standardise=True, optimisation=optimisation)


@pytest.fixture(scope="module")
def latents():
    """300 moments, of which attr shows all and v a rotated view."""
    generator = torch.Generator().manual_seed(0)
    attr = torch.randn(300, 3, generator=generator)
    return {"attr": attr, "v": attr @ torch.randn(3, 4, generator=generator) + 1}


def cell(seed, pairs=300, losses=("dcy", "cy", "tr", "fusion", "cont"), groups=(ATTR_V, ("attr",), ("v",)), dim=4):
    rows = np.random.default_rng(seed).permutation(300)
    shown = {group: rows[:pairs] if group == ATTR_V else rows for group in groups}
    return Cell({"pairs": pairs}, seed, shown, losses_named(losses, FULL), ATTR_V, dim)


def weights(workspace):
    return torch.cat([value.flatten() for value in workspace.state_dict().values()])


def test_members_of_a_stack_end_as_if_trained_alone(latents):
    cells = [cell(0), cell(1, pairs=20), cell(1, pairs=300)]
    together = train_cells(cells, latents, settings(), Run(0, "together"))
    for one, trained in zip(cells, together):
        (alone,) = train_cells([one], latents, settings(), Run(0, "alone"))
        torch.testing.assert_close(weights(trained), weights(alone), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(weights(together[1]), weights(together[2]), atol=1e-2)


def test_a_member_ends_as_the_ordinary_training_does(latents):
    one = cell(3, pairs=50)
    # Standardised, the two differ: a cell takes all training rows for it, the ordinary training those of its groups.
    plain = settings().model_copy(update={"standardise": False})
    (trained,) = train_cells([one], latents, plain, Run(0, "stack"))
    workspace = make_workspace({"attr": 3, "v": 4}, plain, 3)
    rows = {frozenset(group): index for group, index in one.groups.items()}
    train_workspace(workspace, take(latents, rows), latents, FULL, plain, Run(3, "ordinary"))
    for name in ("encoders.v.0.weight", "decoders.attr.4.bias"):
        torch.testing.assert_close(trained.state_dict()[name], workspace.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_cells_of_other_shapes_come_back_in_their_order(latents):
    cells = [cell(0, dim=2), cell(0, dim=6), cell(1, dim=2), cell(0, losses=("tr",), groups=(ATTR_V,))]
    trained = train_cells(cells, latents, settings(2), Run(0, "shapes"))
    assert [workspace.dim for workspace in trained] == [2, 6, 2, 4]


def test_no_loss_leaves_the_weights_as_they_were(latents):
    (untrained,) = train_cells([cell(0, losses=())], latents, settings(), Run(0, "untrained"))
    fresh = make_workspace({"attr": 3, "v": 4}, settings(), 0)
    assert torch.equal(untrained.encoders["v"][0].weight, fresh.encoders["v"][0].weight)
    assert not torch.equal(untrained.get_buffer("centre_v"), fresh.get_buffer("centre_v"))


class Killed(Exception):
    pass


def test_a_killed_job_repeats_no_finished_stack_and_ends_bit_for_bit_the_same(latents, tmp_path, monkeypatch):
    cells = [cell(0), cell(1), cell(0, dim=6)]
    whole = train_cells(cells, latents, settings(), Run(0, "whole"))

    from gwpipe.studies import cells as module

    taken = []
    plain = module.workspace_losses

    def until(limit):
        def counted(*arguments):
            taken.append(arguments[0].dim)
            if len(taken) == limit:
                raise Killed
            return plain(*arguments)

        return counted

    run = Run(0, "killed", tmp_path, "mine", checkpoint_seconds=0)
    for limit in (13, 30):
        monkeypatch.setattr(module, "workspace_losses", until(limit))
        with pytest.raises(Killed):
            train_cells(cells, latents, settings(), run)
    monkeypatch.setattr(module, "workspace_losses", until(None))
    again = train_cells(cells, latents, settings(), run)
    # Both stacks take 20 steps; the two that were interrupted are tried twice.
    assert taken.count(4) == 20 + 1
    assert taken.count(6) == 20 + 1
    for one, other in zip(whole, again):
        assert torch.equal(weights(one), weights(other))
