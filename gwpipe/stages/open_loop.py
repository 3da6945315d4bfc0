"""open_loop: what trained agents dream of the actions that they took, beside what came of them."""

from gwpipe import layout
from gwpipe.agents.trained import acting_modules, agents_of, environments, load_agent, settings_of
from gwpipe.artefact import Record, staging
from gwpipe.evaluation import open_loop_table
from gwpipe.evaluation.random_policy import RandomPolicy
from gwpipe.evaluation.watched import Episode, watch
from gwpipe.machine import Machine
from gwpipe.progress import Progress
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.comparison_stages import ERRORS, OpenLoopStage
from gwpipe.studies.tidy import Row, tidy_frame, write_table


def run(settings: OpenLoopStage, place: layout.Place, machine: Machine) -> None:
    """Play, dream, and write one row an agent, whose actions, step, quantity and statistic, with a manifest.

    Episode k starts alike for every agent, and none of training or of another comparison does.
    """
    machine.prepare()
    env, task = settings.env, settings.task
    agents = agents_of(place, env, task, settings.runs)
    modules = [*acting_modules(env, settings.domains.values(), settings.runs), ERRORS[env]]
    record = Record("open_loop", place.scale, settings.model_dump(mode="json"), agents, modules, machine.device)
    rows: list[Row] = []
    stream, by_chance = derive(settings.seed, "open_loop"), list[Episode]()
    with Progress(len(agents), "agent", f"open_loop {env} {task}") as progress:
        for path in agents:
            training = settings_of(path)
            decodes = training.method in settings.decoded
            whose = {"task": task, "method": training.method, "agent_seed": training.seed}
            with environments(training, settings.together) as played:
                agent = load_agent(path, place, played[0], machine.device).agent
                own = watch(agent, played, settings.episodes, stream, settings.mode)
                if not by_chance:
                    policy = RandomPolicy(played[0].action_space)
                    by_chance = watch(policy, played, settings.episodes, stream, settings.mode)
            for acting, episodes in (("agent", own), ("random", by_chance)):
                drawn = torch_generator(settings.seed, "open_loop", "latents", device=machine.device)
                found = open_loop_table.rows(agent, episodes, env, settings.context, settings.every, decodes, drawn)
                rows += [{**whose, "acting": acting, **row} for row in found]
            progress.update()
    table = place.path(layout.OPEN_LOOP, env=env, task=task)
    frame = tidy_frame(rows, open_loop_table.COLUMNS, env=env, scale=place.scale, seed=settings.representation_seed)
    with staging(table) as partial:
        write_table(frame, partial)
    record.write(table, rows=len(rows))
