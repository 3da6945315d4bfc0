"""Settings of DreamerV3, the baseline "Dreamer" (Tables XIX, XX). Nothing here may import torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from gwpipe.settings.learning import ActorGradient, AdvantageScale, ReplayedSettings
from gwpipe.settings.model import Settings

BLOCKS = 8
"""Blocks of the block-diagonal layers: what is cut into blocks is a multiple of it."""

ImageNet = Literal["strided", "pooled"]
SizeName = Literal["2m", "12m", "40m", "100m"]


@dataclass(frozen=True)
class Size:
    """Widths: `deter` of the GRU's state, `hidden` inside the RSSM, `classes` a variable, `depth` of the image
    networks' first stage, `units` of every dense layer."""

    deter: int
    hidden: int
    classes: int
    depth: int
    units: int


SIZES: dict[SizeName, Size] = {
    "2m": Size(512, 128, 16, 16, 128),
    "12m": Size(2048, 256, 16, 16, 256),
    "40m": Size(4096, 384, 32, 32, 512),
    "100m": Size(6144, 768, 48, 48, 768),
}
"""By the names of Table XIX and Sect. III-B. 12m and 100m are DreamerV3's own; Table XIX prints hidden 384 for 12m,
which would make 13.5M. It gives no classes and depth: 40m has those of DreamerV3's 50m (41.8M; 24 would make 38.8M)."""


Width = Annotated[int, Field(gt=0)] | None


class Widths(Settings):
    """Widths that take the place of the size's own; see `Size`."""

    deter: Annotated[int, Field(gt=0, multiple_of=BLOCKS)] | None = None
    hidden: Width = None
    classes: Annotated[int, Field(gt=1, le=256)] | None = None
    depth: Annotated[int, Field(gt=0, multiple_of=BLOCKS // 2)] | None = None
    units: Width = None


class DreamerV3Block(ReplayedSettings):
    """What all sizes of DreamerV3 share.

    Keys without a default come from Table XX. The defaults of the others are DreamerV3's own.
    """

    # Networks
    widths: Widths = Widths()
    """For studies on small machines: other widths than those of the size, at whatever size is trained."""
    image_net: ImageNet = "strided"
    """Convolutions with stride (the code of 2024, Table XX's batch of 64 + 1 rows) or with pooling (2026)."""

    # Optimisation
    optimiser: Literal["paper", "upstream"] = "paper"
    """Table XX: Adam, a learning rate for the world model and one for actor and critic. DreamerV3's own: LaProp behind
    adaptive clipping, one learning rate, with warm-up."""
    world_model_lr: float = Field(gt=0)
    actor_critic_lr: float = Field(gt=0)
    max_gradient_norm: float = Field(1000.0, gt=0)
    """Of the world model, and of actor and critic, each on its own; with the paper's optimiser."""
    upstream_lr: float = Field(4e-5, gt=0)
    upstream_warm_up: int = Field(1000, ge=0)
    """Updates over which the learning rate rises from zero."""

    # Behaviour
    imagination_length: int = Field(gt=0)
    actor_gradient: ActorGradient = "reinforce"
    discount: float = Field(1 - 1 / 333, gt=0, lt=1)
    """Learnt by the continue head together with the ends of episodes."""
    return_lambda: float = Field(0.95, ge=0, le=1)
    entropy: float = Field(3e-4, ge=0)
    mean_penalty: float = Field(0.0, ge=0)
    """Of the squared means before tanh in the actor's loss, as for GW-Dreamer."""
    advantage_scale: AdvantageScale = "returns"
    scale_floor: float = Field(1.0, gt=0)
    """What advantages are divided by at least."""

    @property
    def learning_rates(self) -> dict[str, float]:
        unused = {"paper": ("upstream_lr",), "upstream": ("world_model_lr", "actor_critic_lr")}[self.optimiser]
        return {name: value for name, value in super().learning_rates.items() if name not in unused}

    def of(self, size: str) -> "DreamerV3Settings":
        return DreamerV3Settings(size=size, **self.model_dump())  # type: ignore[arg-type]


class DreamerV3Settings(DreamerV3Block):
    """One size of DreamerV3."""

    size: SizeName
    """By the method: dreamer_12m has 12m."""

    @property
    def sizes(self) -> Size:
        """The size's widths, less those that `widths` names."""
        own = vars(SIZES[self.size])
        return Size(**{name: given or own[name] for name, given in self.widths})

    @property
    def resized(self) -> bool:
        """Is it another size than its name says?"""
        return self.sizes != SIZES[self.size]
