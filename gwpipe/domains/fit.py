"""The one training loop of VAEs and workspaces: AdamW, its learning rate, checkpoints, progress."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gwpipe import checkpoint, stopping
from gwpipe.errors import UserError
from gwpipe.metrics import interval
from gwpipe.progress import Progress, every
from gwpipe.settings.representation import OptimisationSettings

WARM_UP = 0.3
"""Share of the steps in which the learning rate rises (the default of OneCycleLR)."""


@dataclass(frozen=True)
class Run:
    """What a training run is given beside its settings. Two runs with the same seed end with the same weights."""

    seed: int
    label: str
    """Shown before the progress."""
    checkpoint: Path | None = None
    """Where the state is kept between two starts of the same run; nowhere when absent."""
    identity: str = ""
    """Says whose checkpoint it is; one of another identity is refused."""
    checkpoint_seconds: float = 60.0
    device: str = "cpu"
    watch: Callable[[int], None] | None = None
    """Called after each step with the number of steps done; may look at the module and must not change it."""


def one_cycle(step: int, settings: OptimisationSettings) -> float:
    """Learning rate of `step` (0 … steps − 1): start_lr → max_lr → end_lr along two half cosines."""
    last = max(settings.steps - 1, 1)
    peak = max(1.0, WARM_UP * last)
    if step <= peak:
        low, high, phase = settings.start_lr, settings.max_lr, step / peak
    else:
        low, high, phase = settings.max_lr, settings.end_lr, (step - peak) / (last - peak)
    return low + (high - low) * (1 - math.cos(math.pi * phase)) / 2


def learning_rate(step: int, settings: OptimisationSettings) -> float:
    """Learning rate of `step` by the schedule that the settings name."""
    return one_cycle(step, settings) if settings.schedule == "one_cycle" else settings.max_lr


def fit(
    module: nn.Module,
    loss_of: Callable[[int], tuple[Tensor, dict[str, Tensor]]],
    settings: OptimisationSettings,
    run: Run,
) -> None:
    """Train `module` in place for `settings.steps` steps, going on from the checkpoint where there is one.

    loss_of: step → (loss of that step's batch, metrics to show). It must depend on the step and the module alone, so
    that a run that was killed and started again takes the same steps as one that was not.

    Raises:
        UserError: the checkpoint is damaged or another run's, or the loss is no longer a finite number.
        Stopped: SIGTERM came; the checkpoint is of the last step taken.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=settings.start_lr, weight_decay=settings.weight_decay, fused=True)
    first = _resume(module, optimiser, run)
    due, recorded = every(run.checkpoint_seconds), interval(settings.steps)
    module.train()
    with stopping.deferred() as asked, Progress(settings.steps, "step", run.label, done=first) as progress:
        for step in range(first, settings.steps):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, settings)
            loss, metrics = loss_of(step)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            shown = {}
            record = (step + 1) % recorded == 0 or step == settings.steps - 1
            if record or progress.due():
                shown = {name: value.item() for name, value in metrics.items()}
                if not all(map(math.isfinite, shown.values())):
                    wrong = ", ".join(f"{name} = {value}" for name, value in shown.items() if not math.isfinite(value))
                    raise UserError(f"{run.label}, step {step}: {wrong}; lower max_lr ({settings.max_lr})")
            if record:
                progress.record(step + 1, **shown, learning_rate=learning_rate(step, settings))
            progress.update(1, **shown)
            if run.watch is not None:
                run.watch(step + 1)
            if run.checkpoint is not None and (due() or asked()):
                _save(module, optimiser, step + 1, run)
            if asked():
                break
    module.eval()


def _save(module: nn.Module, optimiser: torch.optim.Optimizer, step: int, run: Run) -> None:
    assert run.checkpoint is not None
    state = {"step": step, "module": dict(module.state_dict()), "optimiser": optimiser.state_dict()}
    checkpoint.save(run.checkpoint, state, run.identity)


def _resume(module: nn.Module, optimiser: torch.optim.Optimizer, run: Run) -> int:
    state: dict[str, Any] | None = None if run.checkpoint is None else checkpoint.load(run.checkpoint, run.identity)
    if state is None:
        return 0
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    # A checkpoint holds plain contiguous tensors, and the fused step walks through memory: lay them out as the
    # parameters are.
    for parameter, held in optimiser.state.items():
        for name, value in held.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                held[name] = torch.empty_like(parameter).copy_(value)
    return state["step"]
