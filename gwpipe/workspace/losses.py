"""The losses of equations 1-3, over all subsets of any number of domains. Pure functions of predictions and targets.

Every non-empty subset S of a group's domains is fused and decoded. What arrives at domain y is a demi-cycle where
S = {y}, a translation where y is outside of S, and a fusion where y is one of several in S. A cycle goes from S through
the domains outside of S and back. A prediction that stands for a latent u is compared with it by the mean squared error
over batch and entries. Where the paper writes "for all (x, y)", the mean over all such routes is taken, so that a
coefficient means the same for any number of domains and groups. No gradient is stopped.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.workspace.contrast import cross_entropy_both_ways
from gwpipe.workspace.groups import Group, Groups, Latents

LOG_TEMPERATURE = math.log(1 / 0.07)
"""s in exp(s) · cosine; fixed, as in the published code's default."""
LARGEST_LOGIT_SCALE = 100.0
MARGIN = 0.2
"""By how much the own partner's cosine should exceed that of any other, in VSE++."""


class Route(NamedTuple):
    """A way through the workspace: in the rows of `group`, the domains `sources` are fused and decoded to `target`.

    The group is part of the name: the demi-cycle of v alone and that of v in pairs are two routes, and both count.
    """

    group: Group
    sources: Group
    target: str


def role(route: Route) -> Literal["dcy", "tr", "fusion"]:
    """Which loss the arrival at the route's end belongs to."""
    if route.target not in route.sources:
        return "tr"
    return "dcy" if len(route.sources) == 1 else "fusion"


def contrastive(groups: Iterable[Latents], log_temperature: float | Tensor = LOG_TEMPERATURE) -> Tensor:
    """L_cont: CLIP's loss between the pre-fusion representations z_d (B, dim) of every pair of domains.

    groups: for each group its domain → z_d. Rows are normalised; logits = min(exp(s), 100) · x yᵀ; cross entropy both
    ways, averaged; mean over all pairs of all groups. Where there is no pair (a domain alone, or nothing): zero.
    log_temperature: s, a number, or a tensor that may be learnt.
    """
    scale: float | Tensor
    if isinstance(log_temperature, Tensor):
        scale, bound = log_temperature.exp().clamp(max=LARGEST_LOGIT_SCALE), LARGEST_LOGIT_SCALE
    else:
        scale = bound = min(math.exp(log_temperature), LARGEST_LOGIT_SCALE)
    losses = []
    for pre in groups:
        unit = {name: functional.normalize(z, dim=-1) for name, z in pre.items()}
        losses += [cross_entropy_both_ways(scale * unit[x], unit[y], bound) for x, y in combinations(unit, 2)]
    return torch.stack(losses).mean() if losses else torch.zeros(())


def hardest_negatives(groups: Iterable[Latents], margin: float = MARGIN) -> Tensor:
    """L_cont as VSE++ has it (Faghri et al., 2018): only the nearest wrong partner counts.

    For every pair of domains with unit rows x_i, y_i and cosines s_ij = x_i · y_j, the mean over i of
    [margin + max_{j≠i} s_ij − s_ii]₊ + [margin + max_{j≠i} s_ji − s_ii]₊; mean over all pairs of all groups. A batch of
    one has no wrong partner and costs nothing; where there is no pair: zero. There is no temperature.

    groups: for each group its domain → z_d (B, dim), pre-fusion.
    """
    losses = []
    for pre in groups:
        unit = {name: functional.normalize(z, dim=-1) for name, z in pre.items()}
        for x, y in combinations(unit, 2):
            # Rows last but one: in a stack, (B, members, dim), every member has a square of its own.
            cosines = unit[x].movedim(0, -2) @ unit[y].movedim(0, -2).mT
            own = cosines.diagonal(dim1=-2, dim2=-1)
            itself = torch.eye(own.shape[-1], dtype=torch.bool, device=own.device)
            wrong = cosines.masked_fill(itself, -torch.inf)
            short = sum((margin + wrong.amax(way) - own).clamp(min=0) for way in (-2, -1))
            losses.append(torch.as_tensor(short).mean())
    return torch.stack(losses).mean() if losses else torch.zeros(())


def demi_cycle(decoded: Mapping[Route, Tensor], u: Groups) -> Tensor:
    """L_dcy: x → workspace → x. decoded: route → what arrives (B, latent of its target); others are left aside."""
    return _mean_squared_error({route: arrived for route, arrived in decoded.items() if role(route) == "dcy"}, u)


def translation(decoded: Mapping[Route, Tensor], u: Groups) -> Tensor:
    """L_tr: domains → workspace → a domain outside of them. decoded: as above."""
    return _mean_squared_error({route: arrived for route, arrived in decoded.items() if role(route) == "tr"}, u)


def fusion(decoded: Mapping[Route, Tensor], u: Groups) -> Tensor:
    """L_fusion: several domains, mixed with random weights → workspace → one of them. decoded: as above."""
    return _mean_squared_error({route: arrived for route, arrived in decoded.items() if role(route) == "fusion"}, u)


def cycle(returned: Mapping[Route, Tensor], u: Groups) -> Tensor:
    """L_cy: domains → workspace → all others → workspace → one of the first.

    returned: route → what comes back (B, latent of its target, which is one of its sources).
    """
    return _mean_squared_error(returned, u)


def _mean_squared_error(arrived: Mapping[Route, Tensor], u: Groups) -> Tensor:
    """Mean over the routes; of a target that its group does not have nothing is known, so it does not count."""
    errors = [
        functional.mse_loss(prediction, u[route.group][route.target])
        for route, prediction in arrived.items()
        if route.target in u[route.group]
    ]
    return torch.stack(errors).mean() if errors else torch.zeros(())


def total(losses: Mapping[str, Tensor], coefficients: Mapping[str, float]) -> Tensor:
    """L_GW = Σ coefficient · loss (equations 2 and 3): the sum, whatever the number of losses and their type.

    Raises:
        ValueError: a coefficient other than 0 has no loss.
    """
    terms = [coefficient * losses[name] for name, coefficient in coefficients.items() if coefficient and name in losses]
    missing = [name for name, coefficient in coefficients.items() if coefficient and name not in losses]
    if missing or not terms:
        raise ValueError(f"no loss for the coefficients {missing or dict(coefficients)}")
    return torch.stack(terms).sum()
