"""transfer: policies trained on one domain that act on it and on the others, episode by episode."""

from gwpipe import layout
from gwpipe.agents.trained import acting_modules, agents_of, environments, load_agent, settings_of
from gwpipe.artefact import Record, staging
from gwpipe.evaluation.playing import play
from gwpipe.evaluation.transfer import turned
from gwpipe.evaluation.transfer_table import COLUMNS
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.settings.comparison_stages import TransferStage
from gwpipe.settings.methods import entry
from gwpipe.studies.tidy import Row, tidy_frame, write_table


def run(settings: TransferStage, place: layout.Place, machine: Machine) -> None:
    """Play, and write one row an episode, with a manifest."""
    machine.prepare()
    env, task = settings.env, settings.task
    agents = agents_of(place, env, task, settings.runs)
    modules = acting_modules(env, settings.domains.values(), settings.runs)
    record = Record("transfer", place.scale, settings.model_dump(mode="json"), agents, modules, machine.device)
    rows: list[Row] = []
    with Progress(len(agents), "agent", f"transfer {env} {task}") as progress:
        for path in agents:
            training = settings_of(path)
            with environments(training, settings.together) as played:
                trained = load_agent(path, place, played[0], machine.device)
                for domain, actor in turned(trained):
                    labels = {
                        "task": task,
                        "method": training.method,
                        "agent_seed": training.seed,
                        "trained_on": entry(training.method).only,
                        "acting_on": domain,
                    }
                    rows += play(actor, played, settings.episodes, settings.mode, settings.seed, labels)
            progress.update()
    table = place.path(layout.TRANSFER, env=env, task=task)
    frame = tidy_frame(rows, COLUMNS, env=env, scale=place.scale, seed=settings.representation_seed)
    with staging(table) as partial:
        write_table(frame, partial)
    record.write(table, rows=len(rows))
