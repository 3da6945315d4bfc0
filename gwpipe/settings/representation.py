"""Settings of the data set, the VAEs, the latent cache and the workspace."""

from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from gwpipe.settings.model import Settings

DomainName = str
"""A name of the environment's table in `gwpipe.settings.domains`; the whole configuration is checked against it."""
WorkspaceKind = Literal["gw", "clip"]


class SourceSettings(Settings):
    """One data set: episodes of one policy on one task."""

    task: str
    policy: Literal["random", "expert"]
    rows: int = Field(gt=0)
    """Rows (observations) to collect; the last episode is finished, so a few more may be stored."""
    episode_decisions: int | None = Field(None, gt=0)
    """Length of the episodes collected; the environment's own when absent."""
    action_noise: float = Field(0.0, ge=0)
    """Standard deviation added to the expert's actions."""
    random_prefix: int = Field(0, ge=0)
    """At most this many random decisions (uniformly drawn) before the expert takes over."""


class OptimisationSettings(Settings):
    """AdamW with OneCycle: start_lr → max_lr → end_lr over `steps` (Tables VI, X and XVIII)."""

    steps: int = Field(gt=0)
    batch_size: int = Field(gt=1)
    max_lr: float = Field(gt=0)
    start_lr: float = Field(gt=0)
    end_lr: float = Field(gt=0)
    weight_decay: float = Field(ge=0)


class VAESettings(Settings):
    """A domain's module and its training: a β-VAE in the paper's layout, every hidden width multiplied by `width`."""

    kind: str | None = None
    """What builds it, a kind of `gwpipe.settings.domains`; the table's when absent, filled in on loading."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Further arguments of the kind's constructor, laid over the table's."""
    width: float = Field(1.0, gt=0)
    latent: int = Field(gt=0)
    beta: float = Field(ge=0)
    precision: Literal["fp32", "bf16"] = "fp32"
    optimisation: OptimisationSettings


class LossWeights(Settings):
    """Coefficients of equations 2 and 3 (Table IX)."""

    dcy: float = Field(ge=0)
    cy: float = Field(ge=0)
    tr: float = Field(ge=0)
    fusion: float = Field(ge=0)
    cont: float = Field(ge=0)


class WorkspaceSettings(Settings):
    """Encoders and decoders of `layers` hidden layers of `hidden` units, and their training."""

    dim: int = Field(gt=0)
    hidden: int = Field(gt=0)
    layers: int = Field(gt=0)
    kinds: dict[WorkspaceKind, LossWeights]
    fusion_temperature: float = Field(0.2, gt=0)
    standardise: bool = False
    """Give each entry of a unimodal latent mean 0 and variance 1 before it enters the workspace; the paper does not."""
    optimisation: OptimisationSettings


class RepresentationSettings(Settings):
    """Everything that is trained once and shared by all agents, with a seed of its own."""

    seed: int = Field(0, ge=0)
    data: list[SourceSettings] = Field(min_length=1)
    holdout: float = Field(0.05, gt=0, lt=1)
    """Share of the rows, whole episodes from the end of each data set, kept out of training."""
    vae: dict[DomainName, VAESettings]
    domains: list[DomainName] = Field(min_length=1)
    """Those that the workspaces and agents of this environment see; others are trained only where a study asks."""
    workspace: WorkspaceSettings

    @model_validator(mode="after")
    def _domains_have_a_vae(self) -> Self:
        for domain in self.domains:
            if domain not in self.vae:
                raise ValueError(f"domain '{domain}' of 'domains' has no settings under 'vae'")
        return self

    @property
    def seen(self) -> dict[DomainName, VAESettings]:
        """The settings of `domains`, in their order."""
        return {domain: self.vae[domain] for domain in self.domains}
