"""Settings of agents, their training runs and the evaluation of the runs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gwpipe.errors import UserError, nearest
from gwpipe.settings.dreamer_v3 import DreamerV3Block, DreamerV3Settings
from gwpipe.settings.end_to_end import EndToEndSettings
from gwpipe.settings.figures import AblationSettings, OpenLoopSettings, TransferSettings
from gwpipe.settings.learning import ActorGradient, AdvantageScale, ReplayedSettings
from gwpipe.settings.methods import LearningBlock, Method, entry, parts
from gwpipe.settings.model import Seeds, Settings, Widths
from gwpipe.settings.noise import NoiseSettings
from gwpipe.settings.overlays import varied
from gwpipe.settings.ppo import PPOSettings
from gwpipe.settings.task_sets import TaskSets


class DreamingSettings(ReplayedSettings):
    """The paper's GRU world model and actor-critic (Tables XI-XVII).

    Keys without a default come from the paper's tables, but for `discount`. The defaults of the others are what the
    paper leaves open.
    """

    # World model
    gru_input: int = Field(gt=0)
    gru_hidden: int = Field(gt=0)
    z_hidden: Widths
    z_head: Literal["direct", "residual"] = "direct"
    """Next z itself (through tanh where the representation is bounded), or the change that is added to z."""
    head_hidden: Widths
    """Hidden layers of the reward head and of the done head."""
    reward_bins: int = Field(256, gt=1)
    """256 by the printed count of the reward head."""
    value_bins: int = Field(255, gt=1)
    bin_limit: float = Field(20.0, gt=0)
    """Two-hot bins reach from -(e^limit - 1) to e^limit - 1 (DreamerV3: 20)."""
    z_weight: float = Field(1.0, ge=0)
    reward_weight: float = Field(1.0, ge=0)
    done_weight: float = Field(1.0, ge=0)
    world_model_lr: float = Field(gt=0)
    normed: bool = False
    """RMS norm and SiLU in heads, actor and critic, as in DreamerV3, but not in what the GRU reads; Tables XII-XV have
    ReLU alone."""
    world_model_weight_decay: float = Field(0.0, ge=0)
    """Decoupled, as in AdamW; 0 is the paper's Adam."""

    # State carried between rows
    initial_state: Literal["zero", "stored"] = "zero"
    """h before a replayed chunk's first row: zero, or the one stored there and refreshed at every visit."""
    memory: int = Field(0, ge=0)
    """While acting, clear h after so many decisions; 0 carries it through the episode."""

    # Actor and critic
    actor_reads: Literal["h", "hz"] = "hz"
    """What actor and critic see: the GRU's state alone (Sect. II-C, Tables XIV and XV) or state and representation."""
    actor_hidden: Widths
    critic_hidden: Widths
    actor_critic_lr: float = Field(gt=0)
    imagination_length: int = Field(20, gt=0)
    imagination_starts: Literal["first", "random", "all"] = "first"
    """Rows of a chunk that dreams start from: its first (paper), one at random, or every one."""
    actor_gradient: ActorGradient = "reinforce"
    return_lambda: float = Field(0.95, ge=0, le=1)
    discount: float = Field(gt=0, lt=1)
    entropy: float = Field(3e-4, ge=0)
    mean_penalty: float = Field(0.0, ge=0)
    """Of the squared means before tanh in the actor's loss (`GaussianPolicy.extent`), where actions are numbers."""
    unimix: float = Field(0.01, ge=0, lt=1)
    """Share of the uniform distribution in a categorical policy (DreamerV3)."""
    slow_rate: float = Field(0.02, gt=0, le=1)
    """How far the slow critic follows the critic at each update (DreamerV3)."""
    advantage_scale: AdvantageScale = "returns"
    scale_rate: float = Field(0.01, gt=0, le=1)
    scale_floor: float = Field(1.0, gt=0)

    max_gradient_norm: float = Field(100.0, gt=0)

    @model_validator(mode="after")
    def _a_stored_state_is_one_that_acting_has(self) -> Self:
        if self.initial_state == "stored" and self.memory:
            raise ValueError(
                f"'memory: {self.memory}' clears h while acting, where 'initial_state: stored' goes on; set memory: 0"
            )
        return self


class EndToEndDreamingSettings(DreamingSettings):
    """GW-Dreamer's settings, and those of the workspace that is trained along."""

    end_to_end: EndToEndSettings


VariantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
"""Part of a method's name, and so of a folder's."""
Learning = DreamingSettings | EndToEndDreamingSettings | DreamerV3Settings | PPOSettings
"""What a method learns by."""


class EvaluationSettings(Settings):
    """Evaluation in a separate environment, with seeds that training never uses."""

    episodes: int = Field(gt=0)
    every: int = Field(gt=0)
    """Environment steps between two evaluations."""
    mode: Literal["sample", "greedy"] = "greedy"


class CriterionSettings(Settings):
    """When a task counts as solved (Fig. 5)."""

    fraction: float = Field(gt=0, lt=1)
    """Share of the best smoothed return above random."""
    window: int = Field(10, gt=0)
    """Trailing window, in episodes."""
    floor: float = Field(gt=0)
    """Return above random under which the best return proves nothing and no criterion exists."""


class AgentsSettings(Settings):
    """Which agents are trained on what, and for how long."""

    task: str
    env_steps: int = Field(gt=0)
    """Budget of a run, in environment steps (decisions × action repeat)."""
    budgets: dict[Method, Annotated[int, Field(gt=0)]] = Field({})
    """Method → its own budget, where it differs."""
    runs: dict[Method, Seeds]
    """Method → seeds; none switches a method off, but one of them has to run."""
    dreaming: DreamingSettings
    dreamer: DreamerV3Block
    end_to_end: EndToEndSettings
    ppo: PPOSettings
    evaluation: EvaluationSettings
    random_episodes: int = Field(100, ge=100)
    criterion: CriterionSettings
    ablation: AblationSettings = AblationSettings()
    noise: NoiseSettings = NoiseSettings()
    transfer: TransferSettings = TransferSettings()
    open_loop: OpenLoopSettings = OpenLoopSettings()
    task_sets: TaskSets = TaskSets()
    variants: dict[VariantName, dict[LearningBlock, dict[str, Any]]] = Field({})
    """Name → block → what is laid over it. `gw_dreamer.paper` is gw_dreamer with the variant paper."""

    @model_validator(mode="after")
    def _something_runs(self) -> Self:
        if not any(self.runs.values()):
            raise ValueError("'runs' names no seed of any method; name at least one")
        return self

    @model_validator(mode="after")
    def _variants_fit(self) -> Self:
        for name, blocks in self.variants.items():
            for block, over in blocks.items():
                try:
                    varied(getattr(self, block), over)
                except UserError as fault:
                    raise ValueError(f"'variants.{name}.{block}': {fault}") from None
        played = (*self.transfer.runs, *self.noise.runs, *self.task_sets.runs)
        for method in (*self.runs, *self.budgets, *played):
            try:
                self.changes(method)
            except UserError as fault:
                raise ValueError(str(fault)) from None
        return self

    @property
    def disturbed(self) -> dict[Method, Seeds]:
        """Method → seeds of the agents that meet noise."""
        return self.noise.runs or self.runs

    def runs_on(self, task: str) -> dict[Method, Seeds]:
        """Method → seeds of all that is trained on `task` and counts for its criterion; none on a task of no set."""
        runs = dict(self.runs) if task == self.task else {}
        for method, seeds in self.task_sets.runs.items() if task in self.task_sets.trained else ():
            own = runs.get(method, [])
            runs[method] = [*own, *(seed for seed in seeds if seed not in own)]
        return runs

    def budget(self, method: str) -> int:
        """Environment steps of a run of `method`; a variant has its method's, if it has none of its own."""
        return self.budgets.get(method, self.budgets.get(parts(method)[0], self.env_steps))

    def changes(self, method: str) -> dict[LearningBlock, dict[str, Any]]:
        """Block → what the variant of `method` lays over it; nothing for a method as it is.

        Raises:
            UserError: there is no such variant, or it changes nothing that the method learns by.
        """
        base, name = parts(method)
        if base == method:
            return {}
        if name not in self.variants:
            known = nearest(name, self.variants) or "; 'variants' of this environment's agents is empty"
            raise UserError(f"variant '{name}' of {base} is unknown{known}")
        read = _read_by(entry(method).learning)
        found = {block: over for block, over in self.variants[name].items() if block in read}
        if not found:
            changed = ", ".join(self.variants[name]) or "nothing"
            raise UserError(f"variant '{name}' changes {changed}, but {base} learns by {' and '.join(read)}")
        return found

    def learning(self, method: str) -> Learning:
        """How `method` learns.

        Raises:
            UserError: a workspace is to be trained along, but the representation has no losses of kind gw; or the
                variant is unknown.
        """
        line, changes = entry(method), self.changes(method)
        dreaming, block = (varied(getattr(self, name), changes.get(name, {})) for name in ("dreaming", line.learning))
        if isinstance(block, EndToEndSettings):
            if block.workspace is None:
                raise UserError(f"{method} trains a workspace of kind gw, which workspace.kinds does not have; add it")
            form = block.workspace.model_copy(update={"optimisation": block.optimisation})
            return EndToEndDreamingSettings(**dict(dreaming), end_to_end=block.model_copy(update={"workspace": form}))
        chosen: Learning = block.of(line.size)
        return chosen

    def resized(self, runs: Mapping[str, Seeds]) -> list[str]:
        """Those that run, are named for a size, and have other widths. runs: method → seeds."""
        named = [method for method, seeds in runs.items() if seeds and entry(method).learning == "dreamer"]
        learning = {method: self.learning(method) for method in named}
        return [name for name, block in learning.items() if isinstance(block, DreamerV3Settings) and block.resized]


def _read_by(learning: LearningBlock) -> tuple[LearningBlock, ...]:
    """The blocks that say how a method of this block learns."""
    return ("dreaming", "end_to_end") if learning == "end_to_end" else (learning,)
