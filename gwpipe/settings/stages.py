"""What each stage depends on, no more: its canonical string is what Snakemake tracks and what the manifest holds."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from gwpipe.errors import UserError, nearest
from gwpipe.settings import comparison_stages as comparison
from gwpipe.settings import expert_stages as experts
from gwpipe.settings import figure_stages as figures
from gwpipe.settings import record_stages as records
from gwpipe.settings import study_stages as studies
from gwpipe.settings import table1_stages as table1
from gwpipe.settings.agents import CriterionSettings, EvaluationSettings, Learning
from gwpipe.settings.choices import DataName, data_names, kinds_of, seed_number, seen_by
from gwpipe.settings.config import ENVIRONMENTS, Config
from gwpipe.settings.environments import TASKS, EnvironmentName, RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.methods import Method
from gwpipe.settings.mistakes import explain
from gwpipe.settings.model import Seed, Seeds, Settings
from gwpipe.settings.packaged import comes_packaged
from gwpipe.settings.representation import (
    DomainName,
    LossWeights,
    SourceSettings,
    VAESettings,
    WorkspaceKind,
    WorkspaceSettings,
)
from gwpipe.settings.task_sets import SuccessFigureStage

EnvironmentSettings = SimpleShapesSettings | RoboDeskSettings


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
    reference: bool = False
    """Taken from the package; `data` is empty then."""


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
    reference: bool = False
    """Taken from the package; `data` is empty then."""


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
    """Domain → kind, of those it sees."""
    env_steps: int
    learning: Learning
    evaluation: EvaluationSettings
    seed: Seed


class CriterionStage(Settings):
    env: EnvironmentName
    task: str
    runs: dict[Method, Seeds]
    criterion: CriterionSettings


def _task(config: Config, env: str, task: str) -> None:
    studied = config.environments[env].agents.task
    if task != studied:
        if task not in TASKS[env]:
            raise UserError(f"task '{task}' of {env} is unknown{nearest(task, TASKS[env])}")
        raise UserError(f"task '{task}' of {env} is not configured; environments.{env}.agents.task is '{studied}'")


def _trained_task(config: Config, env: str, task: str) -> None:
    if task not in config.environments[env].agents.task_sets.trained:
        _task(config, env, task)


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
    taken = representation.reference and comes_packaged(f"{env}/vae/{domain}")
    return TrainVAEStage(
        env=env,
        domain=domain,
        vae=representation.vae[domain],
        data=[] if taken else data_names(representation),
        holdout=representation.holdout,
        seed=representation.seed,
        reference=taken,
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
    taken = representation.reference and comes_packaged(f"{env}/workspace/{kind}")
    return TrainWorkspaceStage(
        env=env,
        kind=kind,
        losses=workspace.kinds[kind],
        workspace=workspace.model_copy(update={"kinds": {}}),
        domains=sorted(representation.domains),
        data=[] if taken else data_names(representation),
        holdout=representation.holdout,
        seed=representation.seed,
        reference=taken,
    )


def random_policy(config: Config, env: EnvironmentName, task: str) -> RandomPolicyStage:
    _trained_task(config, env, task)
    study = config.environments[env]
    return RandomPolicyStage(
        env=env, environment=study.environment, task=task, episodes=study.agents.random_episodes, seed=0
    )


def train_agent(config: Config, env: EnvironmentName, task: str, method: Method, seed: str | int) -> TrainAgentStage:
    study = config.environments[env]
    if not any((source.task, source.agent) == (task, method) for source in study.representation.data):
        _trained_task(config, env, task)
    return TrainAgentStage(
        env=env,
        environment=study.environment,
        task=task,
        method=method,
        domains=kinds_of(study.representation, seen_by(method, study.representation)),
        env_steps=study.agents.budget(method),
        learning=study.agents.learning(method),
        evaluation=study.agents.evaluation,
        seed=seed_number(seed),
    )


def criterion(config: Config, env: EnvironmentName, task: str) -> CriterionStage:
    _trained_task(config, env, task)
    agents = config.environments[env].agents
    return CriterionStage(env=env, task=task, runs=agents.runs_on(task), criterion=agents.criterion)


def ablate(config: Config, env: EnvironmentName, task: str) -> figures.AblateStage:
    _task(config, env, task)
    return figures.ablate(config, env)


def noise(config: Config, env: EnvironmentName, task: str) -> comparison.NoiseStage:
    _task(config, env, task)
    return comparison.noise(config, env)


def transfer(config: Config, env: EnvironmentName, task: str) -> comparison.TransferStage:
    _task(config, env, task)
    return comparison.transfer(config, env)


def open_loop(config: Config, env: EnvironmentName, task: str) -> comparison.OpenLoopStage:
    _task(config, env, task)
    return comparison.open_loop(config, env)


def count_flops(config: Config, env: EnvironmentName, task: str, paper: Config) -> table1.CountFlopsStage:
    _task(config, env, task)
    return table1.count_flops(config, env, task, paper)


STAGES: dict[str, tuple[type[Settings], Callable[..., Settings], tuple[str, ...]]] = {
    "collect": (CollectStage, collect, ("env", "task", "policy")),
    "train_vae": (TrainVAEStage, train_vae, ("env", "domain")),
    "cache_latents": (CacheLatentsStage, cache_latents, ("env", "task", "policy", "domain")),
    "train_workspace": (TrainWorkspaceStage, train_workspace, ("env", "kind")),
    "random_policy": (RandomPolicyStage, random_policy, ("env", "task")),
    "train_agent": (TrainAgentStage, train_agent, ("env", "task", "method", "seed")),
    "measure_expert": (experts.MeasureExpertStage, experts.measure_expert, ("env", "task")),
    "expert_table": (experts.ExpertTableStage, experts.expert_table, ()),
    "criterion": (CriterionStage, criterion, ("env", "task")),
    "ablate": (figures.AblateStage, ablate, ("env", "task")),
    "noise": (comparison.NoiseStage, noise, ("env", "task")),
    "draw_noise": (figures.FigureStage, figures.figure, ()),
    "transfer": (comparison.TransferStage, transfer, ("env", "task")),
    "open_loop": (comparison.OpenLoopStage, open_loop, ("env", "task")),
    "draw_transfer": (figures.FigureStage, figures.figure, ()),
    "figure4": (figures.Figure4Stage, figures.figure4, ()),
    "figure5": (figures.FigureStage, figures.figure, ()),
    "figure6": (figures.FigureStage, figures.figure, ()),
    "figure7": (SuccessFigureStage, lambda config: figures.success_counts(config, "six"), ()),
    "figure8": (SuccessFigureStage, lambda config: figures.success_counts(config, "extra"), ()),
    "redraw": (records.RedrawStage, records.redraw, ("record", "figure")),
    "train_reader": (studies.TrainReaderStage, studies.train_reader, ()),
    "workspace_quality": (studies.WorkspaceQualityStage, studies.workspace_quality, ()),
    "desk_quality": (studies.DeskQualityStage, studies.desk_quality, ()),
    "figure2": (studies.Figure2Stage, studies.figure2, ()),
    "train_selection": (studies.TrainSelectionStage, studies.train_selection, ("env", "rule", "seed")),
    "fusion_rules": (studies.FusionRulesStage, studies.fusion_rules, ()),
    "workspace_study": (studies.WorkspaceStudyStage, studies.workspace_study, ("study",)),
    "draw_study": (studies.DrawStudyStage, studies.draw_study, ("study",)),
    "out_of_distribution": (studies.OutOfDistributionStage, studies.out_of_distribution, ()),
    "count_flops": (table1.CountFlopsStage, count_flops, ("env", "task")),
    "table1": (table1.Table1Stage, table1.table1, ()),
}
"""Stage → (its settings class, how they are cut out of the configuration, the wildcards that choose one)."""


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
