"""The one training loop of all methods: episodes, updates, evaluations and checkpoints.

Steps are environment steps: decisions × `action_repeat`. Checkpoints are taken between episodes only, where neither the
environment nor the agent's recurrent state needs saving, and episode k always starts from the seed of its number; so
a run that was killed and started again ends with the weights and curve of an uninterrupted one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch

from gwpipe import checkpoint, stopping
from gwpipe.agents.agent import Agent
from gwpipe.agents.side_by_side import SideBySide
from gwpipe.agents.timing import Row, updates_due
from gwpipe.errors import UserError
from gwpipe.progress import Progress, every
from gwpipe.seeding import derive

Measure = dict[str, float | int | str]
Evaluate = Callable[[Agent, int], dict[str, float]]


@dataclass
class Training:
    """A run so far: its counters and its curve, rows of `step`, `metric`, `value`."""

    env_steps: int = 0
    episodes: int = 0
    evaluations: int = 0
    curve: list[Measure] = field(default_factory=list)

    def note(self, **metrics: float) -> None:
        """Add points at the present step."""
        self.curve += [{"step": self.env_steps, "metric": name, "value": value} for name, value in metrics.items()]


@dataclass(frozen=True)
class Saving:
    """Where and how often a run is saved; `identity` says whose checkpoint it is (see `gwpipe.checkpoint`)."""

    path: Path
    identity: str
    seconds: float = 60.0


def train(
    agent: Agent,
    make_env: Callable[[], gymnasium.Env],
    *,
    env_steps: int,
    env_steps_per_update: int,
    seed: int,
    environments: int = 1,
    prefill: int = 0,
    evaluate: Evaluate | None = None,
    evaluate_every: int = 1,
    saving: Saving | None = None,
    on_metrics: Callable[[int, dict[str, float]], None] | None = None,
    progress: Progress | None = None,
    label: str = "training",
    advice: str = "lower the learning rate",
) -> Training:
    """Train until the episodes in which `env_steps` is reached have ended.

    Args:
        make_env: makes the training environment; `env.unwrapped.action_repeat` environment steps pass in a decision.
            Picklable, if there are several.
        environments: how many act side by side, each in a process of its own. They begin their episodes together; one
            that ends early waits for the others. Environment steps are those of all of them.
        env_steps_per_update: environment steps between two updates (the paper's train ratio).
        prefill: environment steps before the first update.
        evaluate: measures the agent at a step, without touching its training state; called at the first time between
            episodes after each multiple of `evaluate_every` environment steps, and at the end of training.
        saving: a checkpoint found there is continued; without it nothing is saved.
        on_metrics: receives the environment step and what each update measured.
        label: names the run in messages.
        advice: what to do when its numbers are no longer finite.

    Returns:
        Counters and curve: `train_return` and `success_count` (decisions with `info["success"]`) at the last step of
        each episode, and what `evaluate` gives.

    Raises:
        UserError: the checkpoint is damaged or belongs to other settings, or an update, an action or the weights at the
            end are no longer finite numbers; an environment's process is gone.
        Stopped: SIGTERM came; the checkpoint is of the last episodes that ended, or of earlier ones where those under
            way took longer to end than `stopping.GRACE_SECONDS`.
    """
    run = Training()
    if saving is not None and (state := checkpoint.load(saving.path, saving.identity)) is not None:
        agent.load_state(state["agent"])
        run = Training(**state["run"])
        if progress is not None:
            progress.resume(run.env_steps)
    save_due = every(saving.seconds) if saving is not None else lambda: False
    with stopping.deferred() as asked, SideBySide(make_env, environments) as envs:
        while run.env_steps < env_steps:
            before = run.env_steps
            try:
                metrics = _round(agent, envs, run, seed, prefill, env_steps_per_update, on_metrics)
                if run.env_steps >= env_steps:
                    _require_finite(agent.weights())
            except FloatingPointError as fault:
                raise UserError(f"{label}, step {run.env_steps}: {fault}; {advice}") from fault
            if progress is not None:
                progress.update(run.env_steps - before, **metrics)
                progress.record(run.env_steps, **metrics)
            finished = run.env_steps >= env_steps
            if evaluate is not None and (finished or run.env_steps // evaluate_every > before // evaluate_every):
                measured = evaluate(agent, run.env_steps)
                run.note(**measured)
                run.evaluations += 1
                if progress is not None:
                    progress.record(run.env_steps, **measured)
            if saving is not None and (save_due() or finished or asked()):
                state = {"agent": agent.state(), "run": vars(run)}
                checkpoint.save(saving.path, state, saving.identity)
            if asked():
                break
    return run


def _round(
    agent: Agent,
    envs: SideBySide,
    run: Training,
    seed: int,
    prefill: int,
    env_steps_per_update: int,
    on_metrics: Callable[[int, dict[str, float]], None] | None,
) -> dict[str, float]:
    """An episode in each environment, with the updates; adds their points to the curve and returns their means.

    Environment steps are counted one environment after another, so that no two episodes end at the same step.
    """
    episodes = range(run.episodes, run.episodes + envs.count)
    observations = envs.reset({at: derive(seed, "episode", episode) for at, episode in enumerate(episodes)})
    agent.begin(envs.count)
    is_first = np.ones(envs.count, dtype=bool)
    rewards, totals, successes = np.zeros((3, envs.count))
    playing = list(range(envs.count))
    while playing:
        # What has ended is shown as it was, and its action goes nowhere.
        batch = {name: np.stack([observations[at][name] for at in range(envs.count)]) for name in observations[0]}
        actions: Any = agent.act(batch, is_first)
        if not np.isfinite(actions[playing]).all():
            raise FloatingPointError("the agent's action is not finite")
        for at in playing:
            row = Row(
                observations[at], actions[at], float(rewards[at]), bool(is_first[at]), is_last=False, is_terminal=False
            )
            agent.observe(row, at)
        is_first[:] = False
        outcomes = envs.step({at: actions[at] for at in playing})
        before = run.env_steps
        for at, (observation, reward, terminated, truncated, info) in outcomes.items():
            run.env_steps += envs.action_repeat
            observations[at], rewards[at] = observation, reward
            totals[at] += reward
            successes[at] += bool(info.get("success", False))
            if terminated or truncated:
                agent.observe(Row(observation, None, reward, is_first=False, is_last=True, is_terminal=terminated), at)
                playing.remove(at)
                run.note(train_return=float(totals[at]), success_count=float(successes[at]))
        for _ in range(updates_due(before, run.env_steps, prefill, env_steps_per_update)):
            if not agent.ready:
                break
            measured = agent.update()
            if on_metrics is not None:
                on_metrics(run.env_steps, measured)
    run.episodes += envs.count
    return {"train_return": float(totals.mean()), "success_count": float(successes.mean())}


def _require_finite(weights: Any, name: str = "weights") -> None:
    if isinstance(weights, dict):
        for key, part in weights.items():
            _require_finite(part, f"{name}.{key}")
    elif isinstance(weights, torch.Tensor) and not torch.isfinite(weights).all():
        raise FloatingPointError(f"{name} are not finite")
