"""train_agent: one method, task and seed, trained by acting and dreaming; its weights and its curve."""

import contextlib
import functools
import shutil
from typing import Any

from gwpipe import checkpoint, layout
from gwpipe.agents.loop import Saving, train
from gwpipe.agents.registry import make_agent
from gwpipe.agents.trained import make_env, seen_through
from gwpipe.artefact import Record, staging
from gwpipe.errors import UserError
from gwpipe.evaluation import curves
from gwpipe.evaluation.rollouts import evaluator
from gwpipe.machine import Machine
from gwpipe.metrics import interval
from gwpipe.progress import Progress
from gwpipe.representations import load_representation
from gwpipe.settings import domains
from gwpipe.settings.methods import entry
from gwpipe.settings.stages import TrainAgentStage


def run(settings: TrainAgentStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training) and write weights, curve and the weights' manifest.

    Raises:
        UserError: its numbers are no longer finite, or the budget left no room for an update; nothing is written.
    """
    machine.prepare()
    label = f"train_agent {settings.env} {settings.task} {settings.method} seed {settings.seed}"
    repeat = settings.environment.action_repeat
    # The last episodes are finished, whatever the budget.
    at_once = settings.learning.episodes_at_once
    most_steps = settings.env_steps + at_once * settings.environment.episode_decisions * repeat
    if settings.learning.updates_in(most_steps, repeat) == 0:
        raise UserError(f"{label}: {_no_room(settings)}")
    method = entry(settings.method)
    vaes, workspace = seen_through(settings, place)
    inputs = [*vaes.values(), *([workspace] if workspace else [])]
    modules = [method.module, f"gwpipe.envs.{settings.env}", *domains.modules(settings.domains.values())]
    record = Record("train_agent", place.scale, settings.model_dump(mode="json"), inputs, modules, machine.device)
    env, task, seed = settings.env, settings.task, settings.seed
    weights = place.path(layout.AGENT, env=env, task=task, method=settings.method, seed=seed)
    curve = place.path(layout.CURVE, env=env, task=task, method=settings.method, seed=seed)
    scratch = record.scratch(weights)

    learning = settings.learning
    saving = Saving(scratch / "checkpoint.safetensors", record.identity, machine.checkpoint_seconds)
    rates = " or ".join(f"{name} ({value})" for name, value in learning.learning_rates.items())
    with (
        # What the agent is measured in; the loop closes what it trains in.
        contextlib.closing(make_env(settings)) as watched,
        Progress(settings.env_steps, "step", label) as progress,
    ):
        seen: Any = watched.observation_space
        if method.encodes:
            seen = load_representation(vaes, workspace, learning.standardised_z).to(machine.device)
        agent = make_agent(settings.method, seen, watched.action_space, learning, seed, machine.device)
        compiled = machine.compiled and agent.compile()
        if compiled:
            machine.require_compiler()
        recorded = interval(learning.updates_in(settings.env_steps, repeat))

        def log(step: int, measured: dict[str, float]) -> None:
            if (agent.updates - 1) % recorded == 0:
                progress.record(step, **measured)

        training = train(
            agent,
            functools.partial(make_env, settings),
            env_steps=settings.env_steps,
            env_steps_per_update=learning.env_steps_per_update,
            prefill=learning.prefill,
            seed=seed,
            environments=at_once,
            evaluate=evaluator(watched, settings.evaluation, seed),
            evaluate_every=settings.evaluation.every,
            saving=saving,
            on_metrics=log,
            progress=progress,
            label=label,
            advice=f"lower {rates}",
        )
    if agent.updates == 0:
        shutil.rmtree(scratch.parent, ignore_errors=True)
        raise UserError(f"{label}: {_no_room(settings)}")
    with staging(weights) as partial:
        checkpoint.save(partial, agent.weights(), record.identity)
    with staging(curve) as partial:
        curves.write(curves.tidy(training.curve, env=env, task=task, method=settings.method, seed=seed), partial)
    counts: dict[str, Any] = {name: getattr(training, name) for name in ("env_steps", "episodes", "evaluations")}
    counts |= {"updates": agent.updates, "encoded_observations": agent.encoded_observations}
    counts |= {"evaluation_mode": settings.evaluation.mode, "compiled": compiled}
    record.write(curve, **counts)
    record.write(weights, **counts)
    shutil.rmtree(scratch.parent, ignore_errors=True)


def _no_room(settings: TrainAgentStage) -> str:
    *several, last = (f"{key} ({value})" for key, value in settings.learning.data_for_an_update.items())
    room = f"{', '.join(several)} or {last}" if several else last
    return f"no update in env_steps ({settings.env_steps}); raise it, or lower {room}"
