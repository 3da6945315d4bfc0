"""expert_table: the scripted experts' success and returns, task by task, as CSV and for a reader."""

import json

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.evaluation.criterion import RandomReturns
from gwpipe.evaluation.expert_success import ExpertEpisodes, expert_frame, expert_markdown
from gwpipe.machine import Machine
from gwpipe.settings.expert_stages import ExpertTableStage


def run(settings: ExpertTableStage, place: layout.Place, machine: Machine) -> None:
    """Put the measurements together; both files have a manifest."""
    paths = {task: place.path(layout.EXPERT, env=settings.env, task=task) for task in settings.tasks}
    record = Record("expert_table", place.scale, settings.model_dump(mode="json"), paths.values())
    measured = {}
    for task, path in paths.items():
        result = json.loads(path.read_text())
        measured[task] = (ExpertEpisodes(**result["expert"]), RandomReturns(**result["random"]))
    frame = expert_frame(measured, settings.action_repeat, settings.scale)
    table, markdown = place.path(layout.EXPERTS), place.path(layout.EXPERTS_MARKDOWN)
    with staging(table) as partial:
        frame.to_csv(partial, index=False)
    with staging(markdown) as partial:
        partial.write_text(expert_markdown(frame))
    for path in (table, markdown):
        record.write(path)
