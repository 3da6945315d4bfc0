"""Settings of the data set, the VAEs, the latent cache and the workspace."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from gwpipe.errors import nearest
from gwpipe.settings.methods import METHODS
from gwpipe.settings.model import Names, Seed, Settings, each_once

DomainName = str
"""A name of the environment's table in `gwpipe.settings.domains`; the whole configuration is checked against it."""
WorkspaceKind = Literal["gw", "clip"]


POLICIES = ("random", "expert", *(name for name, line in METHODS.items() if not line.encodes and line.only is None))
"""Who can act in a data set. A method that sees latents cannot: they are trained on the data."""


def _policy(name: str) -> str:
    if name not in POLICIES:
        why = nearest(name, POLICIES)
        if name in METHODS:
            why = f": it sees latents, which are trained on the data; choose one of {', '.join(POLICIES)}"
        raise PydanticCustomError("policy", "Policy '{name}' cannot collect{why}", {"name": name, "why": why})
    return name


PolicyName = Annotated[str, AfterValidator(_policy)]


class SourceSettings(Settings):
    """One data set: episodes of one policy on one task."""

    task: str
    policy: PolicyName
    """`random`; `expert`, scripted; or a method that sees observations (`dreamer_100m`: Sect. III-B), trained first."""
    agent_seed: Seed = 0
    """Of the training of the agent that acts, where a method does."""
    rows: int = Field(gt=0)
    """Rows (observations) to collect; the last episode is finished, so a few more may be stored."""
    episode_decisions: int | None = Field(None, gt=0)
    """Length of the episodes collected; the environment's own when absent."""
    action_noise: float = Field(0.0, ge=0)
    """Standard deviation added to the actions of an expert or an agent; of continuous ones alone."""
    random_prefix: int = Field(0, ge=0)
    """At most this many random decisions (uniformly drawn) before the expert or the agent takes over."""
    hold: int = Field(1, gt=0)
    """At most this many decisions (uniformly drawn each time) keep a random action. Where an action is a small step, as
    in RoboDesk, actions drawn anew every time take it back, and data see nothing but the surroundings of the start."""
    hand: Literal["start", "anywhere"] = "start"
    """RoboDesk: episodes begin with the hand where the task puts it, or anywhere within its reach."""
    objects: Literal["start", "anywhere"] = "start"
    """RoboDesk: what lies about, drawer and door are where the task puts them, or as they may come to lie."""

    @property
    def reset_options(self) -> dict[str, str]:
        """What an environment's `reset` is told of the episodes' start; nothing where it is the task's own."""
        return {name: "anywhere" for name in ("hand", "objects") if getattr(self, name) == "anywhere"}

    @property
    def agent(self) -> str | None:
        """The method whose trained agent acts; None where none does."""
        return self.policy if self.policy in METHODS else None


class OptimisationSettings(Settings):
    """AdamW with OneCycle: start_lr → max_lr → end_lr over `steps` (Tables VI, X and XVIII)."""

    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    """`constant`: max_lr in every step."""
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


ActivationName = Literal["tanh", "identity", "layer_norm", "unit"]
ContrastiveLoss = Literal["info_nce", "vse_pp"]


class WorkspaceSettings(Settings):
    """Encoders and decoders of `layers` hidden layers of `hidden` units, and their training."""

    dim: int = Field(gt=0)
    hidden: int = Field(gt=0)
    layers: int = Field(ge=0)
    """0: each encoder and decoder is a single linear map."""
    bias: bool = True
    """Of the layers of encoders and decoders."""
    linear_path: bool = False
    """Add a linear map of the input to each encoder and decoder; the paper has none."""
    activation: ActivationName = "tanh"
    """What makes the state of the domains' weighted sum (`gwpipe/workspace/activation.py`); tanh is the paper's."""
    kinds: dict[WorkspaceKind, LossWeights]
    fusion_temperature: float = Field(0.2, gt=0)
    contrastive: ContrastiveLoss = "info_nce"
    """The loss `cont`: InfoNCE over all pairs of a batch, as in the paper, or VSE++, where the hardest negative alone
    counts. VSE++ without any other loss settles where all rows look alike."""
    learn_temperature: bool = False
    """Train InfoNCE's temperature, 0.07 at first, with the workspace; the paper keeps it fixed."""
    pairs: int | None = Field(None, gt=1)
    """Rows that show all domains together; every row shows each domain alone. All rows are paired when absent."""
    standardise: bool = False
    """Give each entry of a unimodal latent mean 0 and variance 1 before it enters the workspace; the paper does not."""
    optimisation: OptimisationSettings

    @model_validator(mode="after")
    def _a_linear_path_passes_something_by(self) -> Self:
        if self.linear_path and not self.layers:
            raise ValueError("'linear_path' adds nothing to 'layers: 0', where encoders and decoders are linear maps")
        return self

    @model_validator(mode="after")
    def _a_learnt_temperature_is_used(self) -> Self:
        if self.learn_temperature and self.contrastive != "info_nce":
            raise ValueError(
                f"'learn_temperature' needs 'contrastive: info_nce': {self.contrastive} has no temperature"
            )
        return self


class PairingSettings(Settings):
    """Which rows are available in which combination of domains: the semi-supervised setting."""

    amounts: dict[str, float] = Field(min_length=1)
    """Domains joined by `+` (`v`, `attr`, `v+attr`) → up to 1 a share of the rows, above 1 a number of rows."""
    unpair: tuple[str, str] | None = None
    """Two domains that no row of a group may show together: the control of zero-shot transfer."""


class CorruptionSettings(Settings):
    """How latents fail. Noise is measured in standard deviations of each entry of a latent over the training rows."""

    kinds: Annotated[list[Literal["one_sided", "two_sided", "missing"]], AfterValidator(each_once)] = Field(
        default=["two_sided", "missing"], min_length=1
    )
    """one_sided: noise on `side`; two_sided: noise on one domain drawn row by row; missing: that domain says nothing,
    which is the mean of its latents. A row draws one of these."""
    strengths: Annotated[list[Annotated[float, Field(gt=0)]], AfterValidator(each_once)] = Field(
        default=[0.5, 1.0, 2.0, 4.0], min_length=1
    )
    """Standard deviations of the noise; a row draws one of these."""
    side: str | None = None
    """The domain that `one_sided` corrupts."""
    clean: float = Field(default=0.25, ge=0, lt=1)
    """Share of the rows that are left as they are while a selection is trained."""

    @model_validator(mode="after")
    def _one_side_is_named(self) -> Self:
        if "one_sided" in self.kinds and self.side is None:
            raise ValueError("one_sided of 'kinds' needs 'side', the domain that fails: one of representation.domains")
        return self


LearnedRule = Literal["static", "attention", "precision"]
"""Rules that learn, of gwpipe/workspace/selection/registry.py; a new one is named here too."""


class SelectionSettings(Settings):
    """A rule that chooses fusion weights, and its training on a frozen workspace."""

    rule: str = "precision"
    """A name of gwpipe/workspace/selection/registry.py."""
    hidden: int = Field(default=32, gt=0)
    """Units of the hidden layer that reads a domain (precision, attention)."""
    head: int = Field(default=16, gt=0)
    """Width of keys and queries (attention)."""
    queries: int = Field(default=2, gt=0)
    """How often the state asks (attention)."""
    temperature: float = Field(default=0.2, gt=0)
    """Of random weights."""
    domain: str | None = None
    """The domain that has all the weight (single)."""
    corruption: CorruptionSettings = CorruptionSettings()
    optimisation: OptimisationSettings = OptimisationSettings(
        steps=2000, batch_size=512, start_lr=5e-4, max_lr=5e-3, end_lr=5e-5, weight_decay=1e-5
    )


class RepresentationSettings(Settings):
    """Everything that is trained once and shared by all agents, with a seed of its own."""

    seed: Seed = 0
    reference: bool = False
    """Take VAEs and workspaces from the package (`gwpipe.reference`) instead of training them, where it has them."""
    data: list[SourceSettings] = Field(min_length=1)
    holdout: float = Field(0.05, gt=0, lt=1)
    """Share of the rows, whole episodes from the end of each data set, kept out of training."""
    vae: dict[DomainName, VAESettings]
    domains: Names
    """Those that the workspaces and agents of this environment see; others are trained only where a study asks."""
    workspace: WorkspaceSettings

    @model_validator(mode="after")
    def _data_sets_differ(self) -> Self:
        names = [f"{source.task}/{source.policy}" for source in self.data]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"data set {name} stands twice in 'data'; task and policy name its folder")
        return self

    @model_validator(mode="after")
    def _domains_have_a_vae(self) -> Self:
        for domain in self.domains:
            if domain not in self.vae:
                raise ValueError(f"domain '{domain}' of 'domains' has no settings under 'vae'")
        return self

    def training_rows(self, episode_decisions: int) -> int:
        """Rows of all data sets less those held out, as `gwpipe.data.episodes.held_out_from` parts them.

        episode_decisions: the environment's. Episodes end by their time limit alone, so all of a data set are as long.
        """
        total = 0
        for source in self.data:
            length = (source.episode_decisions or episode_decisions) + 1
            collected = -(-source.rows // length) * length
            total += int((1 - self.holdout) * collected // length) * length
        return total

    @property
    def seen(self) -> dict[DomainName, VAESettings]:
        """The settings of `domains`, in their order."""
        return {domain: self.vae[domain] for domain in self.domains}
