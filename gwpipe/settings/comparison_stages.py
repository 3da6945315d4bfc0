"""Settings of the stages that play trained agents under noise, and on a modality that they were not trained on."""

from gwpipe.errors import UserError
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.figure_stages import PlayedStage, played
from gwpipe.settings.methods import entry
from gwpipe.settings.model import Seed


class NoiseStage(PlayedStage):
    disturbances: dict[str, dict[str, list[float]]]
    """Modality → kind → strengths."""
    rules: list[str]
    """Learned rules of fusion that agents on the Global Workspace are given."""
    rule_seed: Seed
    """Of their training."""
    blank_episodes: int


class TransferStage(PlayedStage):
    pass


def noise(config: Config, env: EnvironmentName) -> NoiseStage:
    agents = config.environments[env].agents
    if not any(agents.disturbed.values()):
        raise UserError(f"environments.{env}.agents.noise.runs names no seed of any method; name at least one")
    rules, seed = rules_of(config, env)
    return NoiseStage(
        **played(config, env, agents.disturbed, agents.noise.episodes),
        disturbances=agents.noise.disturbances,
        rules=rules,
        rule_seed=seed,
        blank_episodes=agents.ablation.blank_episodes,
    )


def rules_of(config: Config, env: EnvironmentName) -> tuple[list[str], Seed]:
    """The learned rules of fusion that agents of an environment may be given, and the seed of their training.

    None where nobody acts on the Global Workspace as a whole; they are for Simple Shapes alone.
    """
    study = config.environments.simple_shapes.quality.fusion_rules
    on_it = [method for method, seeds in config.environments[env].agents.disturbed.items() if seeds]
    if env != "simple_shapes" or not any(entry(method).chooses for method in on_it):
        return [], 0
    return list(study.learned), study.seeds[0]


def transfer(config: Config, env: EnvironmentName) -> TransferStage:
    block = config.environments[env].agents.transfer
    if not any(block.runs.values()):
        raise UserError(f"environments.{env}.agents.transfer.runs names no seed of any method; name at least one")
    return TransferStage(**played(config, env, block.runs, block.episodes))
