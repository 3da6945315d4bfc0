"""Settings of what is measured on the trained representation of Simple Shapes (translation, retrieval, Figure 2)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from gwpipe.settings.model import Seed, Seeds, Settings, each_once
from gwpipe.settings.representation import LearnedRule, OptimisationSettings, SelectionSettings
from gwpipe.settings.workspace_studies import StudiesSettings


class ReaderSettings(Settings):
    """The independent reader of decoded pictures, and its training on true renderings."""

    width: float = Field(1.0, gt=0)
    """Factor on its channels and hidden units."""
    blur: float = Field(ge=0)
    """Half of the training pictures are blurred, by a standard deviation drawn up to this many px."""
    noise: float = Field(ge=0)
    """Noise of a standard deviation drawn up to this many RGB levels is added to each training picture."""
    optimisation: OptimisationSettings


LearnedRules = Annotated[list[LearnedRule], Field(min_length=1), AfterValidator(each_once)]
"""At least one, each once."""
HoleShare = Annotated[float, Field(ge=0.05, le=0.9)]
"""A larger one takes all eight sizes, and a hole in size and position then all rows; in a hole of two smaller ones lie
too few fresh shapes to wait for."""


class FusionRulesSettings(Settings):
    """The study of rules that choose fusion weights."""

    learned: LearnedRules = Field(default=["static", "attention", "precision"])
    """Rules that are trained on the frozen workspace; the fixed ones are always measured."""
    seeds: Seeds = Field(default=[0, 1, 2], min_length=1)
    """Of their training."""
    selection: SelectionSettings = Field(default_factory=SelectionSettings)
    """Their sizes and training, and how inputs fail; its own `rule` does not count here."""


class OutOfDistributionSettings(Settings):
    """The study of shapes in a hole of the training data."""

    seeds: Seeds = Field(default=[0, 1, 2], min_length=1)
    """Of the holes, and of the workspaces trained with and without the rows in them."""
    share: HoleShare = 1 / 3
    """Of what there is of each of a hole's two attributes."""
    rows: int = Field(default=1000, gt=1)
    """Fresh shapes measured in a hole, and as many outside."""
    steps: int = Field(default=2000, gt=0)
    """Updates of each workspace; all else is as the representation's workspace has it."""


class QualitySettings(Settings):
    """How much is measured, with a seed of its own: representations of any seed are measured on the same shapes."""

    seed: Seed = 0
    """Of the reader and of the shapes measured on."""
    rows: int = Field(gt=1)
    """Fresh shapes that translations are measured on."""
    retrieval_rows: int = Field(1000, gt=1)
    """Candidates of one retrieval, the true one among them."""
    retrieval_sets: int = Field(gt=0)
    """Disjoint sets of candidates."""
    pairs: int = Field(gt=1)
    """Incongruent pairs of image and attributes behind the numbers of Figure 2."""
    shown: int = Field(gt=0)
    """Pairs drawn in Figure 2."""
    reader: ReaderSettings
    fusion_rules: FusionRulesSettings = Field(default_factory=FusionRulesSettings)
    studies: StudiesSettings
    out_of_distribution: OutOfDistributionSettings = Field(default_factory=OutOfDistributionSettings)


class DeskQualitySettings(Settings):
    """What is measured on RoboDesk's VAEs and workspace: `results/tables/desk_quality.csv`, and a picture."""

    rows: int = Field(default=2000, gt=1)
    """Held-out rows measured on, spread over all data sets."""
    shown: int = Field(default=6, gt=0)
    """Of them in the picture."""
