"""The training loop: learning rate, batches, and going on after a kill."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe import checkpoint, stopping
from gwpipe.domains import fit as room
from gwpipe.domains.batches import Batches
from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run, learning_rate, one_cycle
from gwpipe.domains.training import train_vae
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.errors import UserError
from gwpipe.settings.representation import OptimisationSettings, VAESettings


def test_one_cycle_golden_numbers() -> None:
    """As torch's OneCycleLR with cosine annealing: up in 30 % of the steps, down in the rest."""
    settings = OptimisationSettings(steps=101, batch_size=2, start_lr=1.0, max_lr=5.0, end_lr=0.5, weight_decay=0)
    rates = [one_cycle(step, settings) for step in (0, 15, 30, 65, 100)]
    assert rates == pytest.approx([1.0, 3.0, 5.0, 2.75, 0.5])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_cycle_of_a_few_steps_stays_between_its_bounds(steps: int) -> None:
    settings = OptimisationSettings(steps=steps, batch_size=2, start_lr=1.0, max_lr=5.0, end_lr=0.5, weight_decay=0)
    assert all(0.5 <= one_cycle(step, settings) <= 5.0 for step in range(steps))


def test_a_constant_schedule_is_the_largest_rate_in_every_step() -> None:
    settings = OptimisationSettings(
        steps=9, batch_size=2, start_lr=1.0, max_lr=5.0, end_lr=0.5, weight_decay=0, schedule="constant"
    )
    assert {learning_rate(step, settings) for step in range(9)} == {5.0}
    cycling = settings.model_copy(update={"schedule": "one_cycle"})
    assert [learning_rate(step, cycling) for step in range(9)] == [one_cycle(step, cycling) for step in range(9)]


def test_batches_show_every_row_once_an_epoch() -> None:
    batches = Batches(rows=10, batch_size=4, seed=0)
    drawn = np.concatenate([batches(step) for step in range(5)])
    for epoch in (drawn[:10], drawn[10:]):
        assert sorted(epoch) == list(range(10))
    assert list(drawn[:10]) != list(drawn[10:])


def test_batches_depend_on_seed_and_step_alone() -> None:
    batches = Batches(rows=10, batch_size=4, seed=0)
    in_order = [batches(step) for step in range(6)]
    for step in (5, 0, 3):
        np.testing.assert_array_equal(Batches(10, 4, 0)(step), in_order[step])
    assert not np.array_equal(Batches(10, 4, 1)(0), in_order[0])


def test_a_batch_may_be_larger_than_the_data() -> None:
    assert np.bincount(Batches(rows=3, batch_size=9, seed=0)(0)).tolist() == [3, 3, 3]


def optimisation(steps: int, batch_size: int) -> OptimisationSettings:
    return OptimisationSettings(
        steps=steps, batch_size=batch_size, start_lr=1e-4, max_lr=1e-3, end_lr=1e-4, weight_decay=1e-5
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that saves a checkpoint after every step."""
    torch.set_num_threads(1)
    return Run(0, "test", tmp_path / "checkpoint.safetensors", "a", checkpoint_seconds=0)


class Killed(BaseException):
    """Stands for a kill."""


def shapes(rows: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([sample_attributes(rng) for _ in range(rows)])


def train(name: str, run: Run, stop_at: int | None, monkeypatch: pytest.MonkeyPatch) -> Domain:
    """Train a small VAE of Simple Shapes for 8 steps, dying before the step `stop_at`."""
    precision = "bf16" if name == "v" else "fp32"
    settings = VAESettings(width=0.1, latent=4, beta=0.1, precision=precision, optimisation=optimisation(8, 6))
    domain = make_domain("simple_shapes", name, settings)
    rows = draw(shapes(20)) if name == "v" else normalise(shapes(20))

    def dying(step: int, settings: OptimisationSettings) -> float:
        if step == stop_at:
            raise Killed
        return one_cycle(step, settings)

    monkeypatch.setattr(room, "one_cycle", dying)
    train_vae(domain, rows[:15], rows[15:], settings, run)
    return domain


@pytest.mark.parametrize("name", ["v", "attr", "t"])
def test_resumed_training_ends_with_the_same_weights(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels last and bf16 included; bit by bit."""
    whole = train(name, replace(run, checkpoint=None), None, monkeypatch)
    for stop_at in (3, 5):
        with pytest.raises(Killed):
            train(name, run, stop_at, monkeypatch)
    resumed = train(name, run, None, monkeypatch)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
    fresh = train(name, replace(run, checkpoint=None, seed=1), None, monkeypatch)
    assert not all(torch.equal(value, fresh.state_dict()[key]) for key, value in whole.state_dict().items())


def test_checkpoint_of_other_settings_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    train("attr", run, None, monkeypatch)
    with pytest.raises(UserError, match="other settings"):
        train("attr", replace(run, identity="b"), None, monkeypatch)


def test_damaged_checkpoint_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    train("attr", run, None, monkeypatch)
    assert isinstance(run.checkpoint, Path)
    run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:200])
    with pytest.raises(UserError, match="damaged"):
        train("attr", run, None, monkeypatch)


def test_a_loss_that_is_not_finite_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    module = torch.nn.Linear(1, 1)

    def loss_of(step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        loss = module.weight.sum() * float("nan")
        return loss, {"loss": loss.detach()}

    with pytest.raises(UserError, match=r"test, step \d: loss = nan; lower max_lr \(0\.001\)"):
        room.fit(module, loss_of, optimisation(2, 2), Run(0, "test"))


def test_sigterm_leaves_a_checkpoint_of_the_step_it_came_in(tmp_path: Path) -> None:
    settings = OptimisationSettings(steps=20, batch_size=2, start_lr=0.1, max_lr=0.1, end_lr=0.1, weight_decay=0)

    def trained(folder: str, terminated_in: int | None) -> torch.Tensor:
        torch.manual_seed(0)
        module = torch.nn.Linear(2, 1)
        run = Run(0, "run", tmp_path / folder / "checkpoint.safetensors", "me", checkpoint_seconds=3600)

        def loss_of(step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
            if step == terminated_in:
                os.kill(os.getpid(), signal.SIGTERM)
            return module(torch.ones(1, 2) * step).square().mean(), {}

        room.fit(module, loss_of, settings, run)
        return module.weight.detach()

    with pytest.raises(stopping.Stopped), stopping.on_sigterm():
        trained("stopped", terminated_in=7)
    state = checkpoint.load(tmp_path / "stopped/checkpoint.safetensors", "me")
    assert state is not None
    assert state["step"] == 8
    assert torch.equal(trained("stopped", None), trained("whole", None))
