"""What each stage depends on, no more: its canonical string is what Snakemake tracks and what the manifest holds."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from gwpipe.errors import UserError, nearest
from gwpipe.settings.agents import CriterionSettings, DreamingSettings, EvaluationSettings, Method
from gwpipe.settings.config import ENVIRONMENTS, Config, explain
from gwpipe.settings.environments import TASKS, EnvironmentName, RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.model import Scale, Seed, Seeds, Settings
from gwpipe.settings.quality import QualitySettings, ReaderSettings
from gwpipe.settings.representation import (
    DomainName,
    LossWeights,
    RepresentationSettings,
    SelectionSettings,
    SourceSettings,
    VAESettings,
    WorkspaceKind,
    WorkspaceSettings,
)

EnvironmentSettings = SimpleShapesSettings | RoboDeskSettings


class DataName(Settings):
    """Which data set: task and policy."""

    task: str
    policy: str


class CollectStage(Settings):
    env: EnvironmentName
    environment: EnvironmentSettings
    source: SourceSettings
    seed: Seed


class TrainVAEStage(Settings):
    env: EnvironmentName
    domain: DomainName
    vae: VAESettings
    data: list[DataName]
    holdout: float
    seed: Seed


class CacheLatentsStage(Settings):
    env: EnvironmentName
    data: DataName
    domain: DomainName
    kind: str
    """What builds the domain: its code belongs to what the latents depend on."""


class TrainWorkspaceStage(Settings):
    env: EnvironmentName
    kind: WorkspaceKind
    losses: LossWeights
    workspace: WorkspaceSettings
    domains: list[DomainName]
    data: list[DataName]
    holdout: float
    seed: Seed


class RandomPolicyStage(Settings):
    env: EnvironmentName
    environment: EnvironmentSettings
    task: str
    episodes: int
    seed: Seed


class TrainAgentStage(Settings):
    env: EnvironmentName
    environment: EnvironmentSettings
    task: str
    method: Method
    domains: dict[DomainName, str]
    """Domain → kind."""
    env_steps: int
    dreaming: DreamingSettings
    evaluation: EvaluationSettings
    seed: Seed


class CriterionStage(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    criterion: CriterionSettings


class Sizes(Settings):
    """What decides how many operations one update of each component takes."""

    representation: RepresentationSettings
    dreaming: DreamingSettings


class TrainReaderStage(Settings):
    reader: ReaderSettings
    seed: Seed


class WorkspaceQualityStage(Settings):
    scale: Scale
    domains: dict[DomainName, str]
    """Domain → kind."""
    kinds: list[WorkspaceKind]
    rows: int
    retrieval_rows: int
    retrieval_sets: int
    quality_seed: Seed
    seed: Seed


class Figure2Stage(Settings):
    scale: Scale
    domains: dict[DomainName, str]
    """Domain → kind."""
    pairs: int
    shown: int
    quality_seed: Seed
    seed: Seed


class TrainSelectionStage(Settings):
    env: EnvironmentName
    kind: WorkspaceKind
    domains: list[DomainName]
    data: list[DataName]
    holdout: float
    selection: SelectionSettings
    seed: Seed


class FusionRulesStage(Settings):
    scale: Scale
    env: EnvironmentName
    kind: WorkspaceKind
    domains: list[DomainName]
    data: list[DataName]
    holdout: float
    learned: list[str]
    seeds: Seeds
    selection: SelectionSettings
    representation_seed: Seed


class CountFlopsStage(Settings):
    env: EnvironmentName
    task: str
    present: Sizes
    paper: Sizes


class StudyOfTable1(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    episode_decisions: int
    representation_seed: Seed
    domains: list[DomainName]
    workspaces: list[WorkspaceKind]
    data: list[DataName]
    prefill: int
    env_steps_per_update: int


class Table1Stage(Settings):
    scale: Scale
    studies: list[StudyOfTable1]


def _task(config: Config, env: str, task: str) -> None:
    studied = config.environments[env].agents.task
    if task != studied:
        if task not in TASKS[env]:
            raise UserError(f"task '{task}' of {env} is unknown{nearest(task, TASKS[env])}")
        raise UserError(f"task '{task}' of {env} is not configured; environments.{env}.agents.task is '{studied}'")


def _seed(seed: str | int) -> int:
    # Snakemake and the command line hand over text; only one spelling of a number names its folder.
    if not re.fullmatch(r"0|[1-9][0-9]*", str(seed)):
        raise UserError(f"seed '{seed}' is not a whole number, 0 or above")
    return int(seed)


def _data(representation: RepresentationSettings) -> list[DataName]:
    return [DataName(task=source.task, policy=source.policy) for source in representation.data]


def _kinds(representation: RepresentationSettings, names: Iterable[DomainName]) -> dict[DomainName, str]:
    return {name: str(representation.vae[name].kind) for name in sorted(names)}


def collect(config: Config, env: EnvironmentName, task: str, policy: str) -> CollectStage:
    study = config.environments[env]
    for source in study.representation.data:
        if (source.task, source.policy) == (task, policy):
            seed = study.representation.seed
            return CollectStage(env=env, environment=study.environment, source=source, seed=seed)
    known = ", ".join(f"{s.task}/{s.policy}" for s in study.representation.data)
    raise UserError(f"no data set {task}/{policy} in environments.{env}.representation.data; there is {known}")


def train_vae(config: Config, env: EnvironmentName, domain: DomainName) -> TrainVAEStage:
    representation = config.environments[env].representation
    if domain not in representation.vae:
        where = f"environments.{env}.representation.vae.{domain}"
        raise UserError(f"domain '{domain}' has no {where}{nearest(domain, representation.vae)}")
    return TrainVAEStage(
        env=env,
        domain=domain,
        vae=representation.vae[domain],
        data=_data(representation),
        holdout=representation.holdout,
        seed=representation.seed,
    )


def cache_latents(
    config: Config, env: EnvironmentName, task: str, policy: str, domain: DomainName
) -> CacheLatentsStage:
    collect(config, env, task, policy)
    kind = train_vae(config, env, domain).vae.kind
    return CacheLatentsStage(env=env, data=DataName(task=task, policy=policy), domain=domain, kind=str(kind))


def train_workspace(config: Config, env: EnvironmentName, kind: WorkspaceKind) -> TrainWorkspaceStage:
    representation = config.environments[env].representation
    workspace = representation.workspace
    if kind not in workspace.kinds:
        where = f"environments.{env}.representation.workspace.kinds.{kind}"
        raise UserError(f"workspace kind '{kind}' has no {where}{nearest(kind, workspace.kinds)}")
    return TrainWorkspaceStage(
        env=env,
        kind=kind,
        losses=workspace.kinds[kind],
        workspace=workspace.model_copy(update={"kinds": {}}),
        domains=sorted(representation.domains),
        data=_data(representation),
        holdout=representation.holdout,
        seed=representation.seed,
    )


def random_policy(config: Config, env: EnvironmentName, task: str) -> RandomPolicyStage:
    _task(config, env, task)
    study = config.environments[env]
    return RandomPolicyStage(
        env=env, environment=study.environment, task=task, episodes=study.agents.random_episodes, seed=0
    )


def train_agent(config: Config, env: EnvironmentName, task: str, method: Method, seed: str | int) -> TrainAgentStage:
    _task(config, env, task)
    study = config.environments[env]
    return TrainAgentStage(
        env=env,
        environment=study.environment,
        task=task,
        method=method,
        domains=_kinds(study.representation, study.representation.domains),
        env_steps=study.agents.env_steps,
        dreaming=study.agents.dreaming,
        evaluation=study.agents.evaluation,
        seed=_seed(seed),
    )


def criterion(config: Config, env: EnvironmentName, task: str) -> CriterionStage:
    _task(config, env, task)
    agents = config.environments[env].agents
    return CriterionStage(env=env, task=task, runs=agents.runs, criterion=agents.criterion)


def count_flops(config: Config, env: EnvironmentName, task: str, paper: Config) -> CountFlopsStage:
    _task(config, env, task)
    sizes = [
        Sizes(representation=c.environments[env].representation, dreaming=c.environments[env].agents.dreaming)
        for c in (config, paper)
    ]
    return CountFlopsStage(env=env, task=task, present=sizes[0], paper=sizes[1])


def _quality(config: Config) -> QualitySettings:
    return config.environments.simple_shapes.quality


def train_reader(config: Config) -> TrainReaderStage:
    quality = _quality(config)
    return TrainReaderStage(reader=quality.reader, seed=quality.seed)


def workspace_quality(config: Config) -> WorkspaceQualityStage:
    quality, representation = _quality(config), config.environments.simple_shapes.representation
    return WorkspaceQualityStage(
        scale=config.scale,
        domains=_kinds(representation, ("attr", "v")),
        kinds=sorted(representation.workspace.kinds, reverse=True),
        rows=quality.rows,
        retrieval_rows=quality.retrieval_rows,
        retrieval_sets=quality.retrieval_sets,
        quality_seed=quality.seed,
        seed=representation.seed,
    )


def figure2(config: Config) -> Figure2Stage:
    quality, representation = _quality(config), config.environments.simple_shapes.representation
    return Figure2Stage(
        scale=config.scale,
        domains=_kinds(representation, ("attr", "v")),
        pairs=quality.pairs,
        shown=quality.shown,
        quality_seed=quality.seed,
        seed=representation.seed,
    )


def train_selection(config: Config, env: EnvironmentName, rule: str, seed: str | int) -> TrainSelectionStage:
    if env != "simple_shapes":
        raise UserError(f"selections are trained on simple_shapes alone, not on {env}")
    representation, study = config.environments[env].representation, _quality(config).fusion_rules
    if rule not in study.learned:
        known = ", ".join(study.learned)
        raise UserError(f"rule '{rule}' is not in environments.{env}.quality.fusion_rules.learned; there is {known}")
    return TrainSelectionStage(
        env=env,
        kind="gw",
        domains=sorted(representation.domains),
        data=_data(representation),
        holdout=representation.holdout,
        selection=study.selection.model_copy(update={"rule": rule}),
        seed=_seed(seed),
    )


def fusion_rules(config: Config) -> FusionRulesStage:
    representation, study = config.environments.simple_shapes.representation, _quality(config).fusion_rules
    return FusionRulesStage(
        scale=config.scale,
        env="simple_shapes",
        kind="gw",
        domains=sorted(representation.domains),
        data=_data(representation),
        holdout=representation.holdout,
        learned=study.learned,
        seeds=study.seeds,
        selection=study.selection,
        representation_seed=representation.seed,
    )


def table1(config: Config) -> Table1Stage:
    studies = []
    for env in ENVIRONMENTS:
        study = config.environments[env]
        studies.append(
            StudyOfTable1(
                env=env,
                task=study.agents.task,
                runs=study.agents.runs,
                episode_decisions=study.environment.episode_decisions,
                representation_seed=study.representation.seed,
                domains=sorted(study.representation.domains),
                workspaces=sorted(study.representation.workspace.kinds),
                data=_data(study.representation),
                prefill=study.agents.dreaming.prefill,
                env_steps_per_update=study.agents.dreaming.env_steps_per_update,
            )
        )
    return Table1Stage(scale=config.scale, studies=studies)


STAGES: dict[str, tuple[type[Settings], Callable[..., Settings], tuple[str, ...]]] = {
    "collect": (CollectStage, collect, ("env", "task", "policy")),
    "train_vae": (TrainVAEStage, train_vae, ("env", "domain")),
    "cache_latents": (CacheLatentsStage, cache_latents, ("env", "task", "policy", "domain")),
    "train_workspace": (TrainWorkspaceStage, train_workspace, ("env", "kind")),
    "random_policy": (RandomPolicyStage, random_policy, ("env", "task")),
    "train_agent": (TrainAgentStage, train_agent, ("env", "task", "method", "seed")),
    "criterion": (CriterionStage, criterion, ("env", "task")),
    "train_reader": (TrainReaderStage, train_reader, ()),
    "workspace_quality": (WorkspaceQualityStage, workspace_quality, ()),
    "figure2": (Figure2Stage, figure2, ()),
    "train_selection": (TrainSelectionStage, train_selection, ("env", "rule", "seed")),
    "fusion_rules": (FusionRulesStage, fusion_rules, ()),
    "count_flops": (CountFlopsStage, count_flops, ("env", "task")),
    "table1": (Table1Stage, table1, ()),
}
"""Stage → (its settings class, how they are cut out of the configuration, the wildcards that choose one)."""

RESERVED_STAGES = ("ablate", "figures", "train_expert")


def stage_settings(stage: str, config: Config, paper: Config | None = None, **wildcards: Any) -> Settings:
    """Settings of one run of `stage`; `paper` is the configuration at paper scale (for `count_flops` alone).

    Raises:
        UserError: a wildcard names something that the configuration does not have.
    """
    _, cut, names = STAGES[stage]
    chosen = {name: wildcards[name] for name in names}
    if "env" in chosen and chosen["env"] not in ENVIRONMENTS:
        raise UserError(f"environment '{chosen['env']}' is unknown{nearest(chosen['env'], ENVIRONMENTS)}")
    if stage == "count_flops":
        chosen["paper"] = paper
    try:
        return cut(config, **chosen)
    except ValidationError as fault:
        raise UserError(explain(fault, STAGES[stage][0]).replace("config key", stage)) from None
