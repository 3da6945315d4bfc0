"""Settings of the stages that play trained agents under noise, on another modality, and for what they dream of it."""

from gwpipe.errors import UserError
from gwpipe.settings.agents import EndToEndDreamingSettings
from gwpipe.settings.choices import seen_by
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.figure_stages import PlayedStage, played
from gwpipe.settings.methods import Method, entry
from gwpipe.settings.model import Seed, Seeds
from gwpipe.settings.representation import LossWeights

ERRORS: dict[EnvironmentName, str] = {
    "simple_shapes": "gwpipe.studies.shape_errors",
    "robodesk": "gwpipe.studies.desk_errors",
}
"""Environment → the module whose `errors` says how far attributes are apart. Named, not imported: it needs a simulator
that the other environment does not."""


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


class OpenLoopStage(PlayedStage):
    context: int
    every: int
    decoded: list[Method]
    """Methods of `runs` whose z can be decoded to attributes; the others are judged by the reward alone."""


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


def open_loop(config: Config, env: EnvironmentName) -> OpenLoopStage:
    block = config.environments[env].agents.open_loop
    runs = dreaming(config, env)
    if not runs:
        raise UserError(f"environments.{env}.agents.runs names nobody who dreams; name a method with a world model")
    # Sampled, as the rows in replay are that the world models learnt from.
    chosen = played(config, env, runs, block.episodes) | {"mode": "sample"}
    decoded = [method for method in runs if _shows_attributes(config, env, method)]
    return OpenLoopStage(**chosen, context=block.context, every=block.every, decoded=decoded)


def dreaming(config: Config, env: EnvironmentName) -> dict[Method, Seeds]:
    """Method → seeds of `agents.runs`, of those that learn in dreams."""
    runs = config.environments[env].agents.runs
    return {method: seeds for method, seeds in runs.items() if seeds and entry(method).learning != "ppo"}


def _shows_attributes(config: Config, env: EnvironmentName, method: Method) -> bool:
    """Can what an agent dreams of be decoded to attributes?"""
    study, line = config.environments[env], entry(method)
    if not line.encodes:
        return True
    if "attr" not in seen_by(method, study.representation):
        return False
    learning = study.agents.learning(method)
    if isinstance(learning, EndToEndDreamingSettings) and learning.end_to_end.workspace is not None:
        return _trains_decoders(learning.end_to_end.workspace.kinds["gw"])
    return line.workspace is None or _trains_decoders(study.representation.workspace.kinds.get(line.workspace))


def _trains_decoders(losses: LossWeights | None) -> bool:
    return losses is not None and any((losses.dcy, losses.cy, losses.tr, losses.fusion))
