"""noise: every trained agent of a task while one modality is disturbed, episode by episode."""

import json
import shutil

import numpy as np
import numpy.typing as npt

from gwpipe import layout
from gwpipe.agents.trained import acting_modules, agents_of, environments, load_agent, settings_of
from gwpipe.artefact import Record, staging, verify
from gwpipe.errors import UserError
from gwpipe.evaluation.noise import Usual, usual
from gwpipe.evaluation.noise_conditions import conditions, noises
from gwpipe.evaluation.noise_table import COLUMNS
from gwpipe.evaluation.playing import play
from gwpipe.evaluation.random_views import random_views
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.settings.comparison_stages import NoiseStage
from gwpipe.studies.tidy import Row, tidy_frame, write_table
from gwpipe.workspace.selection.registry import load_selection


def run(settings: NoiseStage, place: layout.Place, machine: Machine) -> None:
    """Play (or go on playing), and write one row an episode, with a manifest.

    Raises:
        UserError: a rule of fusion was learned on another workspace than the one there now.
    """
    machine.prepare()
    env, task = settings.env, settings.task
    agents = agents_of(place, env, task, settings.runs)
    learned = {
        rule: place.path(layout.SELECTION, env=env, rule=rule, seed=settings.rule_seed) for rule in settings.rules
    }
    modules = acting_modules(env, settings.domains.values(), settings.runs)
    inputs = [*agents, *learned.values()]
    record = Record("noise", place.scale, settings.model_dump(mode="json"), inputs, modules, machine.device)
    if learned:
        workspace = place.path(layout.WORKSPACE, env=env, kind="gw")
        digest = verify(workspace)["sha256"]
        for path in learned.values():
            if verify(path)["inputs"].get(layout.name(workspace)) != digest:
                raise UserError(f"{path} was learned on another {workspace} than the one there now; train it anew")
    selections = {rule: load_selection(path).to(machine.device) for rule, path in learned.items()}
    disturbances = noises(settings.disturbances)
    table = place.path(layout.NOISE, env=env, task=task)
    scratch = record.scratch(table)
    rows: list[Row] = []
    views: dict[str, npt.NDArray[np.generic]] = {}
    known: dict[str, Usual] = {}
    with Progress(len(agents), "agent", f"noise {env} {task}") as progress:
        for number, path in enumerate(agents):
            # An agent takes minutes: what an earlier start measured is kept.
            measured = scratch / f"{number}.json"
            if not measured.exists():
                training = settings_of(path)
                with environments(training, settings.together) as played:
                    trained = load_agent(path, place, played[0], machine.device)
                    if not views:
                        views = random_views(played[0], settings.blank_episodes, settings.seed)
                        known = usual(views)
                    whose = {"task": task, "method": training.method, "agent_seed": training.seed}
                    found: list[Row] = []
                    for labels, actor in conditions(trained, views, known, disturbances, selections, settings.seed):
                        found += play(actor, played, settings.episodes, settings.mode, settings.seed, whose | labels)
                with staging(measured) as partial:
                    partial.write_text(json.dumps(found))
            rows += json.loads(measured.read_text())
            progress.update()
    frame = tidy_frame(rows, COLUMNS, env=env, scale=place.scale, seed=settings.representation_seed)
    with staging(table) as partial:
        write_table(frame, partial)
    record.write(table, rows=len(rows))
    shutil.rmtree(scratch.parent, ignore_errors=True)
