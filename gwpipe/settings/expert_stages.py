"""Settings of the stages that measure scripted experts, cut out of the configuration (see `stages`)."""

from gwpipe.errors import UserError
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName, RoboDeskSettings
from gwpipe.settings.experts import place_of
from gwpipe.settings.model import Scale, Seed, Settings


class MeasureExpertStage(Settings):
    env: EnvironmentName
    environment: RoboDeskSettings
    task: str
    episodes: int
    random_episodes: int
    seed: Seed


class ExpertTableStage(Settings):
    scale: Scale
    env: EnvironmentName
    action_repeat: int
    tasks: list[str]


def measure_expert(config: Config, env: EnvironmentName, task: str) -> MeasureExpertStage:
    study = config.environments.robodesk
    if env != study.name:
        raise UserError(f"{env} has no scripted experts; {study.name} has")
    place_of(task)
    return MeasureExpertStage(
        env=env,
        environment=study.environment.model_copy(update={"episode_decisions": study.experts.decisions}),
        task=task,
        episodes=study.experts.episodes,
        random_episodes=study.experts.random_episodes,
        seed=study.experts.seed,
    )


def expert_table(config: Config) -> ExpertTableStage:
    study = config.environments.robodesk
    repeat = study.environment.action_repeat
    return ExpertTableStage(scale=config.scale, env="robodesk", action_repeat=repeat, tasks=study.experts.tasks)
