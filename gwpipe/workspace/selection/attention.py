"""Dynamic query attention: the workspace's state asks, the domains answer, and the answer changes the state."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gwpipe.domains.mlp import mlp
from gwpipe.workspace.activation import activation as activation_called
from gwpipe.workspace.fusion import Weights, equal_weights, fuse
from gwpipe.workspace.selection.rule import Selection


class QueryAttention(Selection):
    """α = softmax(q(z) · k_d(u_d) / √head) over the domains present, z fused anew with each α.

    The first state is fused with equal weights; `queries` times a query is computed from the state, weights from the
    query, and a state from the weights. Keys come from the unimodal latents through a hidden layer, because noise shows
    in the size of a latent's entries, which no linear key sees.

    Args:
        domains: name → width of u.
        dim: width of the workspace.
        hidden: units of each key's hidden layer.
        head: width of keys and query.
        queries: how often the state asks, at least once.
        activation: of the workspace, by which it makes its state.
    """

    rule = "attention"
    takes = ("domains", "dim", "hidden", "head", "queries", "activation")
    learns = True

    def __init__(
        self,
        domains: Mapping[str, int],
        dim: int,
        hidden: int,
        head: int,
        queries: int,
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        self.activation, self.activate = activation, activation_called(activation).of
        self.domains, self.dim, self.hidden, self.head, self.queries = dict(domains), dim, hidden, head, queries
        self.keys = nn.ModuleDict({name: mlp(latent, hidden, head) for name, latent in domains.items()})
        self.query = nn.Linear(dim, head)

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        keys = torch.stack([self.keys[name](u[name]) for name in pre], dim=1)  # (B, n, head)
        weights: Weights = equal_weights(pre)
        for _ in range(self.queries):
            query = self.query(fuse(pre, weights, self.activate))  # (B, head)
            scores = (keys * query.unsqueeze(1)).sum(-1, keepdim=True) / math.sqrt(self.head)  # (B, n, 1)
            weights = dict(zip(pre, torch.softmax(scores, dim=1).unbind(1)))
        return weights
