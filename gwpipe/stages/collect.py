"""collect: episodes of one policy on one task, as Zarr."""

import functools
import importlib
import shutil

import gymnasium

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.data.collect import collect
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.machine import Machine
from gwpipe.settings import choices, experts
from gwpipe.settings.stages import CollectStage


def run(settings: CollectStage, place: layout.Place, machine: Machine) -> None:
    """Collect (or go on collecting) and write the store with its manifest."""
    source = settings.source
    target = place.path(layout.DATA, env=settings.env, task=source.task, policy=source.policy)
    modules = [f"gwpipe.envs.{settings.env}", *experts.modules(source.task, source.policy)]
    inputs, make_agent = [], None
    if source.agent is not None:
        weights = place.path(
            layout.AGENT, env=settings.env, task=source.task, method=source.agent, seed=source.agent_seed
        )
        acting = choices.modules_of_agent(source)
        # Named, not imported: scripted and random data do not depend on how agents learn.
        make_agent = functools.partial(importlib.import_module(acting[0]).load_policy, weights, place)
        inputs, modules = [weights], [*modules, *acting]
    record = Record("collect", place.scale, settings.model_dump(mode="json"), inputs, modules)
    scratch = record.scratch(target)

    # The id says which package registers it: a worker process finds nothing registered.
    make_env = functools.partial(
        gymnasium.make,
        f"gwpipe.envs:{ENVIRONMENT_IDS[settings.env]}",
        task=source.task,
        **settings.environment.kwargs(),
    )
    counts = collect(
        make_env, source, settings.seed, target, scratch, record.identity, machine.usable_threads, make_agent
    )
    record.write(target, **counts)
    shutil.rmtree(scratch.parent, ignore_errors=True)
