"""random_policy: the mean return of the uniform random policy, which every return is measured against."""

import dataclasses
import json

import gymnasium

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.evaluation.random_policy import random_return
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.settings.stages import RandomPolicyStage


def run(settings: RandomPolicyStage, place: layout.Place, machine: Machine) -> None:
    """Write mean, standard error and number of episodes as JSON, with a manifest."""
    target = place.path(layout.RANDOM, env=settings.env, task=settings.task)
    modules = [f"gwpipe.envs.{settings.env}"]
    record = Record("random_policy", place.scale, settings.model_dump(mode="json"), [], modules)

    def make_env() -> gymnasium.Env:
        kwargs = settings.environment.kwargs()
        # A policy that never looks needs no picture.
        return gymnasium.make(ENVIRONMENT_IDS[settings.env], task=settings.task, observe=("attributes",), **kwargs)

    with Progress(settings.episodes, "episode", f"random_policy {settings.env}") as progress:
        returns = random_return(make_env, settings.episodes, settings.seed, progress)
    with staging(target) as partial:
        partial.write_text(json.dumps(dataclasses.asdict(returns), indent=1) + "\n")
    record.write(target, **dataclasses.asdict(returns))
