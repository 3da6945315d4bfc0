"""The contract of a selection: what chooses the fusion weights of each row."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from gwpipe.workspace.fusion import Weights


class Selection(nn.Module, ABC):
    """Chooses α_d of every domain that is present; a domain that is absent has no weight, and the others share it.

    A rule that learns says what it was built from in `takes`: names of constructor arguments, kept as attributes of the
    same name, which `describe` writes beside the weights.
    """

    rule: ClassVar[str]
    """Name in settings and in stored descriptions."""
    takes: ClassVar[tuple[str, ...]] = ()
    learns: ClassVar[bool] = False

    @abstractmethod
    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        """Fusion weights of the domains present.

        u: domain → unimodal latents (B, latent) as encoders take them. pre: domain → pre-fusion representations z_d
        (B, dim). Weights are numbers, (B, 1), or (B, dim) for a rule that chooses entry by entry; they are positive or
        0 and sum to 1 over the domains.
        """

    def describe(self) -> dict[str, Any]:
        """Keyword arguments (plain data) that build the same rule again."""
        return {name: getattr(self, name) for name in self.takes}

    def fits(self, domains: Mapping[str, int], dim: int, activation: str = "tanh") -> bool:
        """Was this rule built for such a workspace: `domains` (name → width of u), its width, its activation's name?

        Many fit any.
        """
        offered = {"domains": dict(domains), "dim": dim, "activation": activation}
        return all(getattr(self, name) == offered[name] for name in self.takes if name in offered)
