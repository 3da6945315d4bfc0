"""The whole configuration, how it is put together from files and overrides, and what is said about mistakes in it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

import yaml
from pydantic import ValidationError, model_validator

from gwpipe.errors import UserError, nearest
from gwpipe.settings import domains, experts, packaged
from gwpipe.settings.agents import AgentsSettings
from gwpipe.settings.environments import TASKS, EnvironmentName, RoboDeskSettings, SimpleShapesSettings
from gwpipe.settings.experts import ExpertsSettings
from gwpipe.settings.figures import FiguresSettings
from gwpipe.settings.mistakes import explain
from gwpipe.settings.model import Scale, Settings
from gwpipe.settings.options import check_options
from gwpipe.settings.overlays import merge
from gwpipe.settings.quality import DeskQualitySettings, QualitySettings
from gwpipe.settings.representation import RepresentationSettings


class Study(Settings):
    """Everything about one environment."""

    name: ClassVar[str]
    representation: RepresentationSettings
    agents: AgentsSettings

    @property
    def upstream(self) -> bool:
        """Does the environment keep its package's faults, and so show other attributes?"""
        return False

    @model_validator(mode="after")
    def _tasks_exist(self) -> Self:
        tasks = TASKS[self.name]
        sets = self.agents.task_sets
        for task in (self.agents.task, *sets.six, *sets.extra, *(source.task for source in self.representation.data)):
            if task not in tasks:
                raise ValueError(f"task '{task}' is unknown{nearest(task, tasks)}")
        return self

    @model_validator(mode="after")
    def _experts_exist(self) -> Self:
        try:
            for source in self.representation.data:
                experts.modules(source.task, source.policy)
        except UserError as fault:
            raise ValueError(f"{fault}; choose policy 'random' or write an expert") from None
        return self

    @model_validator(mode="before")
    @classmethod
    def _domains_exist(cls, raw: Any) -> Any:
        # Before anything else: a misspelt name would be reported as a block without its keys.
        representation = raw.get("representation") if isinstance(raw, Mapping) else None
        vae = representation.get("vae") if isinstance(representation, Mapping) else None
        for name in vae if isinstance(vae, Mapping) else ():
            try:
                domains.entry(cls.name, str(name))
            except UserError as fault:
                raise ValueError(str(fault)) from None
        return raw

    @model_validator(mode="after")
    def _domains_are_resolved(self) -> Self:
        """Every domain says its kind and all of its options, so that a stage's settings name all it depends on."""
        representation = self.representation
        try:
            vae = {
                name: domains.resolved(self.name, name, block, self.upstream)
                for name, block in representation.vae.items()
            }
        except UserError as fault:
            raise ValueError(str(fault)) from None
        for name, block in vae.items():
            try:
                check_options(str(block.kind), block.options)
            except UserError as fault:
                raise ValueError(f"'representation.vae.{name}.options': {fault}") from None
        return self.model_copy(update={"representation": representation.model_copy(update={"vae": vae})})

    @model_validator(mode="after")
    def _a_workspace_trained_along_is_resolved(self) -> Self:
        end_to_end = self.agents.end_to_end.resolved(self.representation.workspace)
        return self.model_copy(update={"agents": self.agents.model_copy(update={"end_to_end": end_to_end})})


class SimpleShapesStudy(Study):
    name = "simple_shapes"
    environment: SimpleShapesSettings
    quality: QualitySettings

    @model_validator(mode="after")
    def _episodes_begin_as_ever(self) -> Self:
        moved = [name for source in self.representation.data for name in source.reset_options]
        if moved:
            raise ValueError(f"'representation.data': '{moved[0]}' is of RoboDesk's desk; Simple Shapes has none")
        return self

    @model_validator(mode="after")
    def _actions_are_choices(self) -> Self:
        for name, block in (("dreaming", self.agents.dreaming), ("dreamer", self.agents.dreamer)):
            for key, usual in (("actor_gradient", "reinforce"), ("mean_penalty", 0)):
                if getattr(block, key) != usual:
                    raise ValueError(
                        f"'agents.{name}.{key}' is for actions that are numbers; those of Simple Shapes are choices: "
                        f"set it to {usual}"
                    )
        return self

    @model_validator(mode="after")
    def _the_side_that_fails_is_seen(self) -> Self:
        side, seen = self.quality.fusion_rules.selection.corruption.side, self.representation.domains
        if side is not None and side not in seen:
            where = "quality.fusion_rules.selection.corruption.side"
            raise ValueError(f"'{where}': '{side}' is not in representation.domains{nearest(side, seen)}")
        return self


class RoboDeskStudy(Study):
    name = "robodesk"
    environment: RoboDeskSettings
    experts: ExpertsSettings
    quality: DeskQualitySettings = DeskQualitySettings()

    @model_validator(mode="after")
    def _measured_experts_exist(self) -> Self:
        try:
            for task in self.experts.tasks:
                experts.place_of(task)
        except UserError as fault:
            raise ValueError(str(fault)) from None
        return self

    @property
    def upstream(self) -> bool:
        return self.environment.upstream


class Environments(Settings):
    simple_shapes: SimpleShapesStudy
    robodesk: RoboDeskStudy

    @model_validator(mode="after")
    def _what_is_taken_is_there(self) -> Self:
        for env in ENVIRONMENTS:
            try:
                if self[env].representation.reference:
                    packaged.require_packaged(env)
            except UserError as fault:
                raise ValueError(f"{env}.representation.reference: {fault}") from None
        return self

    @model_validator(mode="after")
    def _pairs_are_among_the_rows(self) -> Self:
        for env in ENVIRONMENTS:
            representation = self[env].representation
            pairs = representation.workspace.pairs
            rows = representation.training_rows(self[env].environment.episode_decisions)
            if pairs is not None and pairs > rows:
                where = f"{env}.representation.workspace.pairs"
                raise ValueError(f"{where}: {pairs} of {rows} training rows; give at most {rows}")
        return self

    def __getitem__(self, name: str) -> SimpleShapesStudy | RoboDeskStudy:
        return getattr(self, name)


class Config(Settings):
    """The root: `config.yaml`, with a scale laid over it."""

    scale: Scale
    """Names the folder `results/{scale}` and stands in every manifest."""
    environments: Environments
    figures: FiguresSettings = FiguresSettings()


UNREADABLE = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML raises: also a ValueError for a date or a number that cannot be, and a RecursionError for a deep nest."""

ENVIRONMENTS: tuple[EnvironmentName, ...] = get_args(EnvironmentName)


def separate(assignments: str) -> list[str]:
    """The overrides in `a.b=1 c.d=[x, y]`: one begins at each `key=`, so that values may have spaces."""
    return re.split(r"\s+(?=[A-Za-z_][\w.]*=)", assignments.strip()) if assignments.strip() else []


def dotted(assignment: str) -> dict[str, Any]:
    """`a.b.c=value` as the nested mapping `{a: {b: {c: value}}}`; the value is read as YAML.

    Raises:
        UserError: there is no `=`, a part of the key is empty, or the value is not YAML.
    """
    key, equals, text = assignment.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise UserError(f"override '{assignment}' is not of the form some.config.key=value")
    try:
        value: Any = yaml.safe_load(text)
    except UNREADABLE:
        raise UserError(f"override '{assignment}': the value is not valid YAML") from None
    for part in reversed(parts):
        value = {part: value}
    return value


def read_yaml(path: Path) -> dict[str, Any]:
    """A configuration file as a mapping.

    Raises:
        UserError: missing, unreadable, not YAML, or not a mapping.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as fault:
        raise UserError(f"config file {path}: {getattr(fault, 'strerror', None) or fault}") from fault
    except UNREADABLE as fault:
        raise UserError(f"config file {path} is not valid YAML: {' '.join(str(fault).split())}") from fault
    if not isinstance(content, dict):
        raise UserError(f"config file {path} must hold a mapping of keys to values")
    return content


def load(files: Iterable[Path], overrides: Iterable[str] = ()) -> Config:
    """The configuration of `files`, each laid over the one before, then of dotted overrides.

    Raises:
        UserError: anything wrong in it, one line.
    """
    raw: dict[str, Any] = {}
    for path in files:
        try:
            raw = merge(raw, read_yaml(path))
        except RecursionError:
            raise UserError(f"config file {path} refers to itself, or is nested too deeply") from None
    return resolve(raw, overrides)


def resolve(raw: Mapping[str, Any], overrides: Iterable[str] = ()) -> Config:
    """A checked `Config` from a plain mapping and dotted overrides.

    Raises:
        UserError: anything wrong in it, one line.
    """
    try:
        for assignment in overrides:
            raw = merge(raw, dotted(assignment))
        return Config.model_validate(raw)
    except ValidationError as fault:
        raise UserError(explain(fault, Config)) from None
    except RecursionError:
        raise UserError("the configuration refers to itself, or is nested too deeply") from None
