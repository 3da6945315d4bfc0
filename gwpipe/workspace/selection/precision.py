"""Fusion weighted by precision, entry by entry: this project's richer fusion."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gwpipe.domains.mlp import mlp
from gwpipe.workspace.fusion import Weights
from gwpipe.workspace.selection.rule import Selection


class Precision(Selection):
    """z = tanh(Σ_d p_d ⊙ z_d / Σ_d p_d) (or another activation), with a precision p_d of each domain, row and entry.

    Why. One weight a domain is too coarse: an image knows position and colour well and an occluded side not at all, so
    each entry of the workspace should listen to whoever knows it. Let each domain hold a Gaussian belief of the state
    before the activation, with mean z_d and precision p_d in each entry. The product of such experts is again Gaussian,
    and its mean is the average above: the best linear estimate when the domains err independently. Equal weights are
    the case of equal precisions, and switching a failed domain off is that of precision 0.

    log p_d is computed from the domain's own u_d and z_d. So the confidence of a domain does not depend on who else is
    there: a rule trained on pairs works with any subset, and costs one small network a domain. It can only tell what is
    odd in itself; two clean-looking domains that contradict each other are averaged.

    Args:
        domains: name → width of u.
        dim: width of the workspace.
        hidden: units of the hidden layer that reads u and z.
    """

    rule = "precision"
    takes = ("domains", "dim", "hidden")
    learns = True

    def __init__(self, domains: Mapping[str, int], dim: int, hidden: int) -> None:
        super().__init__()
        self.domains, self.dim, self.hidden = dict(domains), dim, hidden
        self.log_precision = nn.ModuleDict(
            {name: mlp(latent + dim, hidden, hidden, dim) for name, latent in domains.items()}
        )

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        log_precision = [self.log_precision[name](torch.cat([u[name], pre[name]], dim=-1)) for name in pre]
        shares = torch.softmax(torch.stack(log_precision), dim=0)  # (n, B, dim)
        return dict(zip(pre, shares.unbind()))
