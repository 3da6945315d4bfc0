"""Settings of Figure 4, and of the stages that compare trained agents: the ablation of modalities, Figures 5 and 6."""

from typing import Any, Literal

from pydantic import Field

from gwpipe.errors import UserError
from gwpipe.settings.choices import kinds_of
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName, RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.methods import Method, entry
from gwpipe.settings.model import Scale, Seed, Seeds, Settings
from gwpipe.settings.representation import DomainName
from gwpipe.settings.task_sets import SETS, SetName, SuccessFigureStage


class PlayedStage(Settings):
    """Of stages that let trained agents play episodes."""

    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    domains: dict[DomainName, str]
    """Domain → kind."""
    episodes: int
    together: int
    """Of them, side by side."""
    mode: Literal["sample", "greedy"]
    representation_seed: Seed
    seed: Seed


class AblateStage(PlayedStage):
    blank_episodes: int


class ObservedSettings(Settings):
    env: EnvironmentName
    task: str
    environment: SimpleShapesSettings | RoboDeskSettings


class Figure4Stage(Settings):
    panels: list[ObservedSettings]
    seed: Seed


class PanelSettings(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    episode_decisions: int
    resized: list[Method] = Field(default=[])
    """Those of `runs` that are named for a size and have other widths."""


class FigureStage(Settings):
    scale: Scale
    panels: list[PanelSettings]


def played(config: Config, env: EnvironmentName, runs: dict[Method, Seeds], episodes: int) -> dict[str, Any]:
    """The fields of `PlayedStage` for agents of these runs."""
    study = config.environments[env]
    return {
        "env": env,
        "task": study.agents.task,
        "runs": runs,
        "domains": kinds_of(study.representation, study.representation.domains),
        "episodes": episodes,
        "together": min(episodes, study.agents.ablation.together),
        "mode": study.agents.evaluation.mode,
        "representation_seed": study.representation.seed,
        "seed": 0,
    }


def ablate(config: Config, env: EnvironmentName) -> AblateStage:
    agents = config.environments[env].agents
    # Who sees one domain alone has nothing that could be removed.
    runs = {method: seeds for method, seeds in agents.runs.items() if entry(method).only is None}
    if not any(runs.values()):
        where = f"environments.{env}.agents.runs"
        raise UserError(f"{where} names nobody who sees two modalities: there is nothing to remove; name one that does")
    block = agents.ablation
    return AblateStage(**played(config, env, runs, block.episodes), blank_episodes=block.blank_episodes)


def figure4(config: Config) -> Figure4Stage:
    """Of the environments that Figures 5 and 6 have, whether trained agents are there or not."""
    studies = [(env, config.environments[env]) for env in config.figures.panels]
    panels = [
        ObservedSettings(env=env, task=study.agents.task, environment=study.environment) for env, study in studies
    ]
    return Figure4Stage(panels=panels, seed=0)


def figure(config: Config) -> FigureStage:
    """Of Figures 5 and 6, and of those of noise and transfer."""
    studies = [(env, config.environments[env]) for env in config.figures.panels]
    panels = [
        PanelSettings(
            env=env,
            task=study.agents.task,
            runs=study.agents.runs,
            episode_decisions=study.environment.episode_decisions,
            resized=study.agents.resized(study.agents.runs),
        )
        for env, study in studies
    ]
    return FigureStage(scale=config.scale, panels=panels)


def success_counts(config: Config, name: SetName) -> SuccessFigureStage:
    """Of Figure 7 or 8: RoboDesk's tasks of one set.

    Raises:
        UserError: the set is empty, or no method is trained on it.
    """
    study, where = config.environments.robodesk, "environments.robodesk.agents.task_sets"
    sets = study.agents.task_sets
    tasks = sets[name]
    if not tasks or not sets.trained:
        key = "runs" if tasks else name
        raise UserError(f"{SETS[name]} shows no task: {where}.{key} is empty; workflow/scales/tasks.yaml fills it")
    return SuccessFigureStage(
        env="robodesk",
        tasks=tasks,
        runs=sets.runs,
        window=sets.window,
        episode_decisions=study.environment.episode_decisions,
        resized=study.agents.resized(sets.runs),
        seen=[f"{source.task}/{source.policy}" for source in study.representation.data],
    )
