"""Settings of the stages that play trained agents under noise, and on a modality that they were not trained on."""

from typing import Literal

from gwpipe.errors import UserError
from gwpipe.settings.choices import kinds_of
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.methods import Method, entry
from gwpipe.settings.model import Seed, Seeds, Settings
from gwpipe.settings.representation import DomainName


class NoiseStage(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    domains: dict[DomainName, str]
    """Domain → kind."""
    disturbances: dict[str, dict[str, list[float]]]
    """Modality → kind → strengths."""
    rules: list[str]
    """Learned rules of fusion that agents on the Global Workspace are given."""
    rule_seed: Seed
    """Of their training."""
    episodes: int
    blank_episodes: int
    mode: Literal["sample", "greedy"]
    representation_seed: Seed
    seed: Seed


class TransferStage(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    domains: dict[DomainName, str]
    """Domain → kind."""
    episodes: int
    mode: Literal["sample", "greedy"]
    representation_seed: Seed
    seed: Seed


def noise(config: Config, env: EnvironmentName) -> NoiseStage:
    study = config.environments[env]
    agents = study.agents
    rules, seed = rules_of(config, env)
    return NoiseStage(
        env=env,
        task=agents.task,
        runs=agents.runs,
        domains=kinds_of(study.representation, study.representation.domains),
        disturbances=agents.noise.disturbances,
        rules=rules,
        rule_seed=seed,
        episodes=agents.noise.episodes,
        blank_episodes=agents.ablation.blank_episodes,
        mode=agents.evaluation.mode,
        representation_seed=study.representation.seed,
        seed=0,
    )


def rules_of(config: Config, env: EnvironmentName) -> tuple[list[str], Seed]:
    """The learned rules of fusion that agents of an environment may be given, and the seed of their training.

    None where nobody acts on the Global Workspace as a whole; they are for Simple Shapes alone.
    """
    study = config.environments.simple_shapes.quality.fusion_rules
    on_it = [method for method, seeds in config.environments[env].agents.runs.items() if seeds]
    if env != "simple_shapes" or not any(entry(method).chooses for method in on_it):
        return [], 0
    return list(study.learned), study.seeds[0]


def transfer(config: Config, env: EnvironmentName) -> TransferStage:
    study = config.environments[env]
    agents = study.agents
    if not any(agents.transfer.runs.values()):
        raise UserError(f"environments.{env}.agents.transfer.runs names no seed of any method; name at least one")
    return TransferStage(
        env=env,
        task=agents.task,
        runs=agents.transfer.runs,
        domains=kinds_of(study.representation, study.representation.domains),
        episodes=agents.transfer.episodes,
        mode=agents.evaluation.mode,
        representation_seed=study.representation.seed,
        seed=0,
    )
