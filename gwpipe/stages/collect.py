"""collect: episodes of one policy on one task, as Zarr."""

import functools
import shutil

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

    # The id says which package registers it: a worker process finds nothing registered.
    make_env = functools.partial(
        gymnasium.make,
        f"gwpipe.envs:{ENVIRONMENT_IDS[settings.env]}",
        task=source.task,
        **settings.environment.kwargs(),
    )
    counts = collect(make_env, source, settings.seed, target, scratch, record.identity, machine.usable_threads)
    record.write(target, **counts)
    shutil.rmtree(scratch.parent, ignore_errors=True)
