"""collect: episodes of one policy on one task, as Zarr."""

import shutil
from typing import Any

import gymnasium

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.data.collect import collect
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.machine import Machine
from gwpipe.settings import experts
from gwpipe.settings.stages import CollectStage


def run(settings: CollectStage, place: layout.Place, machine: Machine) -> None:
    """Collect (or go on collecting) and write the store with its manifest."""
    source = settings.source
    target = place.path(layout.DATA, env=settings.env, task=source.task, policy=source.policy)
    modules = [f"gwpipe.envs.{settings.env}", *experts.modules(source.task, source.policy)]
    record = Record("collect", place.scale, settings.model_dump(mode="json"), [], modules)
    scratch = record.scratch(target)

    def make_env(**changes: Any) -> gymnasium.Env:
        kwargs = settings.environment.kwargs() | changes
        return gymnasium.make(ENVIRONMENT_IDS[settings.env], task=source.task, **kwargs)

    counts = collect(make_env, source, settings.seed, target, scratch, record.identity)
    record.write(target, **counts)
    shutil.rmtree(scratch.parent, ignore_errors=True)
