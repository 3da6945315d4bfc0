"""measure_expert: episodes of one task's scripted expert, and of the random policy."""

import dataclasses
import json

import gymnasium

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.evaluation.expert_success import play_expert
from gwpipe.evaluation.random_policy import random_return
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.settings import experts
from gwpipe.settings.expert_stages import MeasureExpertStage


def run(settings: MeasureExpertStage, place: layout.Place, machine: Machine) -> None:
    """Write what happened, episode by episode, as JSON with a manifest."""
    target = place.path(layout.EXPERT, env=settings.env, task=settings.task)
    modules = [f"gwpipe.envs.{settings.env}", *experts.modules(settings.task, "expert")]
    record = Record("measure_expert", place.scale, settings.model_dump(mode="json"), [], modules)

    def make_env() -> gymnasium.Env:
        kwargs = settings.environment.kwargs()
        # Experts read the simulator's state, so no picture is drawn.
        return gymnasium.make(ENVIRONMENT_IDS[settings.env], task=settings.task, observe=("attributes",), **kwargs)

    with Progress(settings.episodes + settings.random_episodes, "episode", f"measure_expert {settings.task}") as steps:
        played = play_expert(make_env, settings.episodes, settings.seed, steps)
        by_chance = random_return(make_env, settings.random_episodes, settings.seed, steps)
    result = {"expert": dataclasses.asdict(played), "random": dataclasses.asdict(by_chance)}
    with staging(target) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    record.write(target, episodes=settings.episodes)
