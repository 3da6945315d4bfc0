"""Settings of the stages that measure trained representations, cut out of the configuration (see `stages`)."""

from gwpipe.errors import UserError
from gwpipe.settings.choices import DataName, data_names, kinds_of, seed_number
from gwpipe.settings.config import Config
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.model import Scale, Seed, Seeds, Settings
from gwpipe.settings.quality import HoleShare, LearnedRules, QualitySettings, ReaderSettings
from gwpipe.settings.representation import (
    DomainName,
    LossWeights,
    RepresentationSettings,
    SelectionSettings,
    WorkspaceKind,
    WorkspaceSettings,
)
from gwpipe.settings.workspace_studies import ProbeSettings, TripletSettings, study_named


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


class DeskQualityStage(Settings):
    scale: Scale
    domains: dict[DomainName, str]
    """Domain → kind."""
    data: list[DataName]
    holdout: float
    rows: int
    shown: int
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
    learned: LearnedRules
    seeds: Seeds
    selection: SelectionSettings
    representation_seed: Seed


class WorkspaceStudyStage(Settings):
    scale: Scale
    study: str
    kinds: dict[DomainName, str]
    """Domain → kind."""
    data: list[DataName]
    holdout: float
    workspace: WorkspaceSettings
    """Of the study's workspaces, which are smaller than the main one."""
    losses: LossWeights
    """Of the Global Workspace; a study takes some of them."""
    seeds: Seeds
    grid: list[int]
    """Numbers of pairs, or widths; empty for studies that vary neither."""
    candidates: int
    probe: ProbeSettings
    triplets: TripletSettings | None
    seed: Seed
    """Of the representation and of everything measured."""


class DrawStudyStage(Settings):
    study: str


class OutOfDistributionStage(Settings):
    scale: Scale
    domains: dict[DomainName, str]
    """Domain → kind."""
    data: list[DataName]
    holdout: float
    losses: LossWeights
    workspace: WorkspaceSettings
    seeds: Seeds
    share: HoleShare
    rows: int
    quality_seed: Seed
    representation_seed: Seed


def _quality(config: Config) -> QualitySettings:
    return config.environments.simple_shapes.quality


def _measured(who: str, representation: RepresentationSettings, *names: DomainName) -> dict[DomainName, str]:
    """Domain → kind, of those that a stage measures, whether the main workspaces see them or not."""
    for domain in names:
        if domain not in representation.vae:
            where = f"environments.simple_shapes.representation.vae.{domain}"
            raise UserError(f"{who} needs domain '{domain}', but there is no {where}")
    return kinds_of(representation, names)


def _translated(who: str, representation: RepresentationSettings) -> dict[DomainName, str]:
    """Domain → kind, of images and attributes, both of which the main workspaces have to see."""
    seen = representation.domains
    wanted = [*seen, *(name for name in ("attr", "v") if name not in seen)]
    if wanted != seen:
        raise UserError(
            f"{who} measures workspaces that see attr and v, but environments.simple_shapes.representation.domains is "
            f"[{', '.join(seen)}]; set it to [{', '.join(wanted)}] for this"
        )
    return kinds_of(representation, ("attr", "v"))


def desk_quality(config: Config) -> DeskQualityStage:
    study, where = config.environments.robodesk, "environments.robodesk"
    block = study.representation
    if missing := {"attr", "v"} - set(block.domains):
        raise UserError(
            f"desk_quality compares domains attr and v; {where}.representation.domains lacks {min(missing)}"
        )
    if study.environment.upstream:
        raise UserError(f"desk_quality needs the positions that {where}.environment.upstream hides; set it to false")
    return DeskQualityStage(
        scale=config.scale,
        domains=kinds_of(block, ("attr", "v")),
        data=data_names(block),
        holdout=block.holdout,
        rows=study.quality.rows,
        shown=study.quality.shown,
        seed=block.seed,
    )


def train_reader(config: Config) -> TrainReaderStage:
    quality = _quality(config)
    return TrainReaderStage(reader=quality.reader, seed=quality.seed)


def workspace_quality(config: Config) -> WorkspaceQualityStage:
    quality, representation = _quality(config), config.environments.simple_shapes.representation
    return WorkspaceQualityStage(
        scale=config.scale,
        domains=_translated("workspace_quality", representation),
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
        domains=_translated("figure2", representation),
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
        data=data_names(representation),
        holdout=representation.holdout,
        selection=study.selection.model_copy(update={"rule": rule}),
        seed=seed_number(seed),
    )


def fusion_rules(config: Config) -> FusionRulesStage:
    representation, study = config.environments.simple_shapes.representation, _quality(config).fusion_rules
    return FusionRulesStage(
        scale=config.scale,
        env="simple_shapes",
        kind="gw",
        domains=sorted(representation.domains),
        data=data_names(representation),
        holdout=representation.holdout,
        learned=study.learned,
        seeds=study.seeds,
        selection=study.selection,
        representation_seed=representation.seed,
    )


def workspace_study(config: Config, study: str) -> WorkspaceStudyStage:
    representation, settings = config.environments.simple_shapes.representation, _quality(config).studies
    kinds = _measured(f"study '{study}'", representation, *study_named(study).domains)
    if "gw" not in representation.workspace.kinds:
        raise UserError(f"study '{study}' needs environments.simple_shapes.representation.workspace.kinds.gw")
    small = {"hidden": settings.hidden, "layers": settings.layers, "optimisation": settings.optimisation}
    return WorkspaceStudyStage(
        scale=config.scale,
        study=study,
        kinds=kinds,
        data=data_names(representation),
        holdout=representation.holdout,
        workspace=representation.workspace.model_copy(update={"kinds": {}, "pairs": None, **small}),
        losses=representation.workspace.kinds["gw"],
        seeds=settings.seeds,
        grid={"pairs": settings.pairs, "width": settings.dims}.get(study, []),
        candidates=settings.candidates,
        probe=settings.probe,
        triplets=settings.triplets if study == "downstream" else None,
        seed=representation.seed,
    )


def draw_study(config: Config, study: str) -> DrawStudyStage:
    return DrawStudyStage(study=study_named(study).name)


def out_of_distribution(config: Config) -> OutOfDistributionStage:
    representation, quality = config.environments.simple_shapes.representation, _quality(config)
    study, workspace = quality.out_of_distribution, representation.workspace
    if "gw" not in workspace.kinds:
        where = "environments.simple_shapes.representation.workspace.kinds"
        raise UserError(f"out_of_distribution trains the Global Workspace, but there is no {where}.gw")
    shorter = workspace.optimisation.model_copy(update={"steps": study.steps})
    return OutOfDistributionStage(
        scale=config.scale,
        domains=_measured("out_of_distribution", representation, "attr", "v"),
        data=data_names(representation),
        holdout=representation.holdout,
        losses=workspace.kinds["gw"],
        workspace=workspace.model_copy(update={"kinds": {}, "pairs": None, "optimisation": shorter}),
        seeds=study.seeds,
        share=study.share,
        rows=study.rows,
        quality_seed=quality.seed,
        representation_seed=representation.seed,
    )
