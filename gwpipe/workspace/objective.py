"""What one update of the workspace computes: every loss that is asked for, each network run as few times as that needs.

Apart from the module, so that a change of a loss trains workspaces anew and nothing that merely uses one.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from gwpipe.workspace import losses
from gwpipe.workspace.fusion import fuse
from gwpipe.workspace.workspace import Workspace


def workspace_losses(
    workspace: Workspace, u: Mapping[str, Tensor], fusion_weights: Tensor, coefficients: Mapping[str, float]
) -> tuple[Tensor, dict[str, Tensor]]:
    """What one update minimises, and each loss that has a coefficient other than 0. Runs on the meta device too.

    u: domain → (B, latent), rows paired. fusion_weights: (B, n), one column a domain in the workspace's order.
    coefficients: of `dcy`, `cy`, `tr`, `fusion`, `cont`. Every encoder and decoder runs once over all that it is asked
    for, and a second time for the cycles; what has the coefficient 0 is not computed.
    """
    names = list(workspace.domains)
    wanted = {name for name, coefficient in coefficients.items() if coefficient}
    u = workspace.standardise({name: u[name] for name in names})
    pre = {name: workspace.encoders[name](u[name]) for name in names}
    found: dict[str, Tensor] = {}
    if "cont" in wanted:
        found["cont"] = losses.contrastive(pre)
    if wanted & {"dcy", "tr", "cy", "fusion"}:
        states = [torch.tanh(pre[name]) for name in names]
        if "fusion" in wanted:
            states.append(fuse(pre, dict(zip(names, fusion_weights.unsqueeze(-1).unbind(1)))))
        decoded = {y: workspace.decoders[y](torch.cat(states)).chunk(len(states)) for y in names}
        pairs = {(x, y): decoded[y][names.index(x)] for x in names for y in names if x != y}
        if "dcy" in wanted:
            found["dcy"] = losses.demi_cycle({x: decoded[x][names.index(x)] for x in names}, u)
        if "tr" in wanted and pairs:
            found["tr"] = losses.translation(pairs, u)
        if "fusion" in wanted:
            found["fusion"] = losses.fusion({x: decoded[x][-1] for x in names}, u)
        if "cy" in wanted and pairs:
            found["cy"] = losses.cycle(_return(workspace, pairs), u)
    total = losses.total(found, coefficients)
    return total, {"loss": total.detach(), **{name: value.detach() for name, value in found.items()}}


def _return(workspace: Workspace, translated: Mapping[losses.Pair, Tensor]) -> dict[losses.Pair, Tensor]:
    """(x, y) → the translation to y, re-encoded and decoded back to x."""
    states: dict[losses.Pair, Tensor] = {}
    for y in workspace.domains:
        arrived = [pair for pair in translated if pair[1] == y]
        encoded = torch.tanh(workspace.encoders[y](torch.cat([translated[pair] for pair in arrived])))
        states |= dict(zip(arrived, encoded.chunk(len(arrived))))
    returned: dict[losses.Pair, Tensor] = {}
    for x in workspace.domains:
        left = [pair for pair in translated if pair[0] == x]
        decoded = workspace.decoders[x](torch.cat([states[pair] for pair in left]))
        returned |= dict(zip(left, decoded.chunk(len(left))))
    return returned
