"""What one update of the workspace computes: every loss that is asked for, each network run as few times as that needs.

Apart from the module, so that a change of a loss trains workspaces anew and nothing that merely uses one.
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from gwpipe.settings.representation import ContrastiveLoss
from gwpipe.workspace import losses
from gwpipe.workspace.fusion import fuse
from gwpipe.workspace.groups import Group, Groups, Latents, complement, subsets
from gwpipe.workspace.losses import Route
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace

NAMES = ("dcy", "cy", "tr", "fusion", "cont")
"""The losses, as Table IX abbreviates them."""

_CPU_ROWS = 1024
"""Inputs are laid together up to this many rows. Beyond, one call less saves nothing, and the activations of a larger
one leave the cache: at 2,056 rows three inputs at once took 5 to 25 % longer than one after the other (one core)."""

Key = TypeVar("Key", bound=tuple)


def workspace_losses(
    workspace: Workspace,
    groups: Groups,
    mixing: Selection,
    coefficients: Mapping[str, float],
    contrastive: ContrastiveLoss = "info_nce",
) -> tuple[Tensor, dict[str, Tensor]]:
    """What one update minimises, and each loss that has a coefficient other than 0. Runs on the meta device too.

    groups: group → domain → (B, latent), rows paired within a group. mixing: gives the fusion weights of each subset of
    two or more domains; one alone has weight 1. coefficients: of NAMES. contrastive: which loss `cont` is.

    Every encoder and decoder runs once over all that it is asked for, and a second time for the cycles; what has the
    coefficient 0 is not computed, and what these groups cannot train (`trainable`) does not count.

    Raises:
        ValueError: these groups can train none of the losses asked for.
    """
    # In a fixed order: a set's differs between processes, and with it the rounding of the sum.
    wanted = [name for name in trainable(groups, workspace.domains) if coefficients.get(name)]
    u = {group: workspace.standardise(latents) for group, latents in groups.items()}
    pre = together(workspace.encoders, {(group, x): value for group in u for x, value in u[group].items()})
    found: dict[str, Tensor] = {}
    if "cont" in wanted:
        aligned = [{x: pre[group, x] for x in group} for group in u]
        if contrastive == "vse_pp":
            found["cont"] = losses.hardest_negatives(aligned)
        else:
            found["cont"] = losses.contrastive(aligned, workspace.log_temperature)
    routes = _routes(groups, workspace.domains, wanted)
    states: dict[tuple[Group, Group], Tensor] = {}
    for group, sources, _ in routes:
        if (group, sources) not in states:
            states[group, sources] = _mix(
                workspace, {x: u[group][x] for x in sources}, {x: pre[group, x] for x in sources}, mixing
            )
    decoded = together(workspace.decoders, {route: states[route.group, route.sources] for route in routes})
    for name, loss in (("dcy", losses.demi_cycle), ("tr", losses.translation), ("fusion", losses.fusion)):
        if name in wanted:
            found[name] = loss(decoded, u)
    if "cy" in wanted:
        found["cy"] = losses.cycle(_return(workspace, decoded, mixing), u)
    total = losses.total(found, {name: coefficients[name] for name in wanted})
    return total, {"loss": total.detach(), **{name: value.detach() for name, value in found.items()}}


def trainable(groups: Collection[Group], domains: Collection[str]) -> tuple[str, ...]:
    """The losses that these groups can train: a domain without partners still has demi-cycles and cycles."""
    paired = any(len(group) > 1 for group in groups)
    possible = {"dcy": bool(groups), "cy": bool(groups) and len(domains) > 1, "tr": paired, "fusion": paired}
    return tuple(name for name in NAMES if possible.get(name, paired))


def together(networks: nn.ModuleDict, inputs: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
    """Every input (rows, …) through the network whose name its key ends with; every row runs once."""
    outputs: dict[Key, Tensor] = {}
    for name, network in networks.items():
        for asked in _calls({key: value for key, value in inputs.items() if key[-1] == name}):
            if len(asked) == 1:
                ((key, value),) = asked.items()
                outputs[key] = network(value)
            else:
                rows = [len(value) for value in asked.values()]
                outputs |= zip(asked, network(torch.cat(list(asked.values()))).split(rows))
    return outputs


def _calls(inputs: Mapping[Key, Tensor]) -> list[dict[Key, Tensor]]:
    """Inputs laid together: all at once on an accelerator, and as many as a processor's cache likes on a CPU."""
    calls: list[dict[Key, Tensor]] = []
    room = 0
    for key, value in inputs.items():
        rows = value.shape[:-1].numel()
        if not calls or (value.device.type == "cpu" and rows > room):
            calls.append({})
            room = _CPU_ROWS
        calls[-1][key] = value
        room -= rows
    return calls


def _routes(groups: Groups, domains: Collection[str], wanted: Collection[str]) -> list[Route]:
    """The ways to decode that the losses need: what has a target, and what a cycle goes through."""
    every = [Route(group, sources, y) for group in groups for sources in subsets(group) for y in domains]
    return [
        route
        for route in every
        if (losses.role(route) in wanted and route.target in route.group)
        or ("cy" in wanted and route.target not in route.sources)
    ]


def _mix(workspace: Workspace, u: Latents, pre: Latents, mixing: Selection) -> Tensor:
    if len(pre) == 1:
        return workspace.activate(*pre.values())
    return fuse(pre, mixing(u, pre), workspace.activate)


def _return(workspace: Workspace, decoded: Mapping[Route, Tensor], mixing: Selection) -> dict[Route, Tensor]:
    """From every subset through all the domains outside of it and back, to each of the subset."""
    left = {route: value for route, value in decoded.items() if route.target not in route.sources}
    encoded = together(workspace.encoders, left)
    routes: dict[Route, Tensor] = {}
    for group, sources in dict.fromkeys((route.group, route.sources) for route in left):
        through = {y: Route(group, sources, y) for y in complement(workspace.domains, sources)}
        state = _mix(
            workspace,
            {y: left[route] for y, route in through.items()},
            {y: encoded[route] for y, route in through.items()},
            mixing,
        )
        routes |= {Route(group, sources, x): state for x in sources}
    return together(workspace.decoders, routes)
