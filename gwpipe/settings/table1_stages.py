"""Settings of the stages that count operations and make Table I."""

from collections.abc import Iterable

from pydantic import Field

from gwpipe.settings.agents import DreamingSettings, Learning
from gwpipe.settings.choices import DataName, data_names
from gwpipe.settings.config import ENVIRONMENTS, Config
from gwpipe.settings.dreamer_v3 import DreamerV3Settings
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.methods import Method, entry, parts
from gwpipe.settings.model import Scale, Seed, Seeds, Settings
from gwpipe.settings.representation import DomainName, RepresentationSettings, WorkspaceKind
from gwpipe.settings.task_sets import COMPONENTS

PRINTED_DREAMERS: dict[EnvironmentName, tuple[Method, ...]] = {
    "simple_shapes": ("dreamer_2m",),
    "robodesk": ("dreamer_12m", "dreamer_40m", "dreamer_100m"),
}
"""Sizes of DreamerV3 that the paper names: Table XIX and, of 100M, Sect. III-B."""


class Sizes(Settings):
    """What decides how many operations one update of each component takes."""

    representation: RepresentationSettings
    dreaming: DreamingSettings
    dreamers: dict[Method, DreamerV3Settings] = Field({})
    """Those that are run or, at the paper's scale, that it has."""


class CountFlopsStage(Settings):
    env: EnvironmentName
    task: str
    present: Sizes
    paper: Sizes


class Schedule(Settings):
    """When updates fall due: see `LearningSettings`."""

    prefill: int
    env_steps_per_update: int


class StudyOfTable1(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    episode_decisions: int
    representation_seed: Seed
    domains: list[DomainName]
    workspaces: list[WorkspaceKind]
    data: list[DataName]
    schedules: dict[Method, Schedule]
    resized: list[Method] = Field([])
    """Those that run, are named for a size and have other widths."""
    several: dict[str, list[str]] = Field({})
    """Component of Table I → its tasks."""
    several_runs: dict[Method, Seeds] = Field({})
    """Trained on each of them."""


class Table1Stage(Settings):
    scale: Scale
    studies: list[StudyOfTable1]
    """Of the environments that figures show."""
    counted: dict[EnvironmentName, str]
    """Every environment → its task, in all of which operations and parameters are counted."""


def count_flops(config: Config, env: EnvironmentName, task: str, paper: Config) -> CountFlopsStage:
    # Table I knows methods, no variants of them.
    run = [name for name in run_in(config, env) if parts(name)[0] == name]
    here, there = (sizes(c, env, methods) for c, methods in ((config, run), (paper, [*run, *PRINTED_DREAMERS[env]])))
    return CountFlopsStage(env=env, task=task, present=here, paper=there)


def run_in(config: Config, env: EnvironmentName) -> list[Method]:
    """The methods of which any seed is trained in an environment, on its task or on those of the sets."""
    agents = config.environments[env].agents
    runs = (agents.runs, agents.task_sets.runs)
    return list(dict.fromkeys(method for block in runs for method, seeds in block.items() if seeds))


def workspaces_in(config: Config, env: EnvironmentName) -> list[WorkspaceKind]:
    """The workspaces that they act on."""
    return sorted({kind for method in run_in(config, env) if (kind := entry(method).workspace)})


def sizes(config: Config, env: EnvironmentName, methods: Iterable[Method]) -> Sizes:
    """What decides the costs of these methods."""
    study = config.environments[env]
    learning = {method: study.agents.learning(method) for method in methods}
    dreamers = {method: block for method, block in learning.items() if isinstance(block, DreamerV3Settings)}
    return Sizes(representation=study.representation, dreaming=study.agents.dreaming, dreamers=dreamers)


def table1(config: Config) -> Table1Stage:
    studies = []
    for env in config.figures.panels:
        study = config.environments[env]
        sets = study.agents.task_sets
        studies.append(
            StudyOfTable1(
                env=env,
                task=study.agents.task,
                runs=study.agents.runs,
                episode_decisions=study.environment.episode_decisions,
                representation_seed=study.representation.seed,
                domains=sorted(study.representation.domains),
                workspaces=workspaces_in(config, env),
                data=data_names(study.representation),
                schedules={
                    method: schedule(study.agents.learning(method)) for method in (*study.agents.runs, *sets.runs)
                },
                resized=study.agents.resized({**study.agents.runs, **(sets.runs if sets.trained else {})}),
                several={column: sets[name] for name, column in COMPONENTS.items() if sets.trained and sets[name]},
                several_runs=sets.runs if sets.trained else {},
            )
        )
    counted = {env: config.environments[env].agents.task for env in ENVIRONMENTS}
    return Table1Stage(scale=config.scale, studies=studies, counted=counted)


def schedule(learning: Learning) -> Schedule:
    """When updates of a method fall due."""
    return Schedule(prefill=learning.prefill, env_steps_per_update=learning.env_steps_per_update)
