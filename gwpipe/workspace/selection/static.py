"""One learned weight a domain, the same for every row."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gwpipe.workspace.fusion import Weights
from gwpipe.workspace.selection.rule import Selection


class Static(Selection):
    """softmax over the domains present of a learned number each: which domain is the better witness on the whole.

    Args:
        domains: name → width of u.
    """

    rule = "static"
    takes = ("domains",)
    learns = True

    def __init__(self, domains: Mapping[str, int]) -> None:
        super().__init__()
        self.domains = dict(domains)
        self.scores = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in domains})

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        weights = torch.softmax(torch.stack([self.scores[name] for name in pre]), dim=0)
        rows = next(iter(pre.values()))
        return {name: weight.expand(len(rows), 1) for name, weight in zip(pre, weights)}
