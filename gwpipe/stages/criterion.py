"""criterion: the return from which a task counts as solved, and when each method reached it."""

import json

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import Record, staging, verify
from gwpipe.evaluation import curves
from gwpipe.evaluation.criterion import RandomReturns, find_criterion
from gwpipe.machine import Machine
from gwpipe.settings.stages import CriterionStage


def run(settings: CriterionStage, place: layout.Place, machine: Machine) -> None:
    """Write the criterion (see `gwpipe.evaluation.criterion`) as JSON, with a manifest."""
    random = place.path(layout.RANDOM, env=settings.env, task=settings.task)
    paths = [
        place.path(layout.CURVE, env=settings.env, task=settings.task, method=method, seed=seed)
        for method, seeds in settings.runs.items()
        for seed in seeds
    ]
    record = Record("criterion", place.scale, settings.model_dump(mode="json"), [random, *paths])
    verify(random)
    found = find_criterion(
        pd.concat([curves.read(path) for path in paths], ignore_index=True),
        RandomReturns(**json.loads(random.read_text())),
        env=settings.env,
        task=settings.task,
        **settings.criterion.model_dump(),
    )
    target = place.path(layout.CRITERION, env=settings.env, task=settings.task)
    with staging(target) as partial:
        partial.write_text(json.dumps(found.to_json(), indent=1) + "\n")
    steps = {name: method.legible for name, method in found.methods.items()}
    record.write(target, exists=found.exists, threshold=found.threshold, steps_to_criterion=steps)
