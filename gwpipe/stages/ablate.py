"""ablate: every trained agent of a task without attributes, without vision, and with both, episode by episode."""

from gwpipe import layout
from gwpipe.agents.trained import acting_modules, agents_of, environments, load_agent, settings_of
from gwpipe.artefact import Record, staging
from gwpipe.evaluation.ablation import MODALITIES, blanks, without
from gwpipe.evaluation.ablation_table import COLUMNS
from gwpipe.evaluation.playing import play
from gwpipe.evaluation.random_views import random_views
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.settings.figure_stages import AblateStage
from gwpipe.studies.tidy import Row, tidy_frame, write_table


def run(settings: AblateStage, place: layout.Place, machine: Machine) -> None:
    """Play, and write one row an episode, with a manifest."""
    machine.prepare()
    env, task = settings.env, settings.task
    agents = agents_of(place, env, task, settings.runs)
    modules = acting_modules(env, settings.domains.values(), settings.runs)
    record = Record("ablate", place.scale, settings.model_dump(mode="json"), agents, modules, machine.device)
    rows: list[Row] = []
    conditions = (None, *MODALITIES)
    blank = None
    with Progress(len(agents) * len(conditions) * settings.episodes, "episode", f"ablate {env} {task}") as progress:
        for path in agents:
            training = settings_of(path)
            with environments(training, settings.together) as played:
                trained = load_agent(path, place, played[0], machine.device)
                if blank is None:
                    blank = blanks(random_views(played[0], settings.blank_episodes, settings.seed))
                for removed in conditions:
                    actor = without(trained, removed, blank)
                    labels = {
                        "task": task,
                        "method": training.method,
                        "agent_seed": training.seed,
                        "removed": removed or "nothing",
                    }
                    rows += play(actor, played, settings.episodes, settings.mode, settings.seed, labels)
                    progress.update(settings.episodes)
    table = place.path(layout.ABLATION, env=env, task=task)
    frame = tidy_frame(rows, COLUMNS, env=env, scale=place.scale, seed=settings.representation_seed)
    with staging(table) as partial:
        write_table(frame, partial)
    record.write(table, rows=len(rows))
