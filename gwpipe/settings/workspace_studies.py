"""The studies that train many small workspaces: names, the domains each needs, and their settings; no torch.

A study of one's own is one line here, one file in `gwpipe/studies` and one in `gwpipe/figures`, both by its name.
"""

from typing import NamedTuple, Self

from pydantic import Field, model_validator

from gwpipe.errors import UserError, nearest
from gwpipe.settings.model import Seeds, Settings
from gwpipe.settings.representation import DomainName, OptimisationSettings


class WorkspaceStudy(NamedTuple):
    """What Snakemake has to know of a study."""

    name: str
    domains: tuple[DomainName, ...]
    """Those of Simple Shapes whose latents it reads."""
    vaes: bool = False
    """Does it encode observations of its own?"""

    @property
    def measuring(self) -> str:
        """The module with its cells and what is measured on them."""
        return f"gwpipe.studies.{self.name}"

    @property
    def drawing(self) -> str:
        """The module with its figure."""
        return f"gwpipe.figures.{self.name}"


STUDIES = {
    study.name: study
    for study in (
        WorkspaceStudy("pairs", ("attr", "v")),
        WorkspaceStudy("domains", ("attr", "mask", "t", "v")),
        WorkspaceStudy("never_paired", ("attr", "t", "v")),
        WorkspaceStudy("width", ("attr", "v")),
        WorkspaceStudy("no_contrastive", ("attr", "v")),
        WorkspaceStudy("downstream", ("attr", "mask", "v"), vaes=True),
    )
}


def study_named(name: str) -> WorkspaceStudy:
    """The line of a study.

    Raises:
        UserError: there is no such study; the nearest is named.
    """
    if name not in STUDIES:
        raise UserError(f"study '{name}' is unknown{nearest(name, STUDIES)}")
    return STUDIES[name]


class ProbeSettings(Settings):
    """Small networks that read attributes, or the odd one out, from frozen latents."""

    hidden: int = Field(default=128, gt=0)
    """Units of each of their two hidden layers."""
    optimisation: OptimisationSettings


class TripletSettings(Settings):
    """Stimuli of the odd-one-out task."""

    train: int = Field(default=8000, gt=1)
    held_out: int = Field(default=2000, gt=1)


class StudiesSettings(Settings):
    """Workspaces of the studies: smaller than the main one, so that hundreds can be trained."""

    seeds: Seeds = Field(default=[0, 1, 2], min_length=1)
    """Of each workspace; the representation's seed stays."""
    hidden: int = Field(gt=0)
    layers: int = Field(gt=0)
    optimisation: OptimisationSettings
    pairs: list[int] = Field(min_length=1)
    """Numbers of paired rows that the study `pairs` tries, beside all rows; as many or more are left out."""
    dims: list[int] = Field(min_length=1)
    """Widths of the workspace that the study `width` tries."""
    candidates: int = Field(default=1000, gt=1)
    """Held-out rows among which one retrieval looks; all if there are fewer."""
    probe: ProbeSettings
    triplets: TripletSettings = Field(default_factory=TripletSettings)

    @model_validator(mode="after")
    def _grids_are_usable(self) -> Self:
        for name, values in (("pairs", self.pairs), ("dims", self.dims)):
            if values != sorted(set(values)) or values[0] < 1 + (name == "pairs"):
                raise ValueError(f"'{name}' must rise from at least {1 + (name == 'pairs')}, but is {values}")
        return self
