"""Selections that learn nothing: equal, single and random weights."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gwpipe.errors import UserError, nearest
from gwpipe.workspace.fusion import Weights, equal_weights, random_weights
from gwpipe.workspace.selection.rule import Selection


class Equal(Selection):
    """1/n for each of the n domains present: what agents use."""

    rule = "equal"

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        return equal_weights(pre)


class Single(Selection):
    """All weight on one domain.

    Args:
        domain: its name.
    """

    rule = "single"
    takes = ("domain",)

    def __init__(self, domain: str) -> None:
        super().__init__()
        self.domain = domain

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        """Raises UserError where the domain is absent."""
        if self.domain not in pre:
            raise UserError(
                f"all weight is on '{self.domain}', but there are no latents of it{nearest(self.domain, pre)}"
            )
        return {name: float(name == self.domain) for name in pre}


class Random(Selection):
    """softmax(U / T) row by row, as the workspace is trained.

    Args:
        temperature: T; the smaller, the oftener one domain has nearly all the weight.
        generator: where U comes from, drawn on its device and moved to that of the batch; torch's global one if absent.
    """

    rule = "random"
    takes = ("temperature",)

    def __init__(self, temperature: float, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.temperature, self.generator = temperature, generator

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        like = next(iter(pre.values()))
        source = "cpu" if self.generator is None else self.generator.device
        uniform = torch.rand(len(like), len(pre), generator=self.generator, device=source)
        weights = random_weights(uniform.to(like.device), self.temperature)
        return dict(zip(pre, weights.unsqueeze(-1).unbind(1)))
