"""What is measured on each small workspace, on held-out rows: errors of its routes, alignment, how full its space is.

Latent errors are squared and taken as encoders take latents (standardised, if training standardises); an unexplained
share is such an error over that of the constant predictor, so 1 is worth nothing and 0 is perfect. Attributes are read
from decoded latents by one probe a domain, which was trained on true latents and stands beside as a bound.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations, permutations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.studies.attribute_errors import UNITS, Measure, constant_predictor, row_errors, summary
from gwpipe.studies.probe import Probe, Raw
from gwpipe.studies.retrieval import top1
from gwpipe.studies.tidy import WHOSE, Column, Row
from gwpipe.workspace.groups import Group, Latents, complement
from gwpipe.workspace.workspace import Workspace

READ = (
    Measure("class", "accuracy"),
    Measure("position", "mean"),
    Measure("rotation", "median"),
    Measure("size", "mean"),
    Measure("colour", "mean"),
)
"""What is told of attributes."""

MEASURED = {
    "workspace_seed": Column("Int64", "of the small workspace; empty where none is involved"),
    "route": Column("string", "source domains->target domain; of a state, the domains that it is fused from"),
    "metric": Column("string", "what was measured; docs/representation.md says what each means"),
    "unit": Column("string", "of value and the bounds; empty for a pure number"),
    "value": Column("Float64", "what was measured"),
    "bound": Column("Float64", "the same at best: read from true latents, or in true attributes"),
    "bound_constant": Column("Float64", "the same of the constant predictor; of a choice, chance"),
    "rows": Column("Int64", "held-out rows measured"),
}
"""Columns of every study's table, after those that tell its cells apart."""


def columns(**own: Column) -> dict[str, Column]:
    """Columns of a study's table: whose, its own, what was measured."""
    return {"study": Column("string", "its name"), **WHOSE, **own, **MEASURED}


def number(metric: str, value: float, route: str = "", unit: str = "", **more: float | int | None) -> Row:
    """One row of a table."""
    return {"metric": metric, "route": route, "unit": unit, "value": value, **more}


def latent_errors(kind: str, route: str, workspace: Workspace, target: str, found: Tensor, true: Tensor) -> list[Row]:
    """Squared error of latents `found` (N, latent) of domain `target`, and the share of its variance it leaves."""
    scale = workspace.get_buffer(f"scale_{target}")
    error = ((found - true) / scale).square().mean().item()
    constant = (true / scale).var(0, correction=0).mean().item()
    rows = len(true)
    return [
        number(f"{kind}_loss", error, route, bound_constant=constant, rows=rows),
        number(f"{kind}_unexplained", error / constant, route, bound_constant=1.0, rows=rows),
    ]


def attribute_rows(route: str, read: Raw, true: Raw, bound: Raw | None = None) -> list[Row]:
    """Errors of attributes that were read (N, 8), beside those of `bound`, read from what is at best there to read."""
    errors, constant = summary(row_errors(read, true)), constant_predictor(true)
    best = {} if bound is None else summary(row_errors(bound, true))
    return [
        number(
            f"{measure.quantity}_{measure.statistic}",
            errors[measure],
            route,
            UNITS[measure.quantity],
            bound=best.get(measure),
            bound_constant=constant[measure],
            rows=len(true),
        )
        for measure in READ
    ]


def between_two(domains: Group) -> list[tuple[Group, str]]:
    """Every translation from one domain to another."""
    return [((x,), y) for x, y in permutations(domains, 2)]


@torch.no_grad()
def translation_rows(
    workspace: Workspace,
    u: Latents,
    routes: Iterable[tuple[Group, str]],
    probes: Mapping[str, Probe] | None = None,
    raw: Raw | None = None,
) -> list[Row]:
    """Errors of translations (sources, target) of latents u (N, latent), and of the attributes in them if probed."""
    made: list[Row] = []
    for sources, target in routes:
        name = f"{'+'.join(sources)}->{target}"
        found = workspace.translate({x: u[x] for x in sources}, target)
        made += latent_errors("translation", name, workspace, target, found, u[target])
        if probes is not None and raw is not None:
            made += attribute_rows(name, probes[target].read(found), raw, probes[target].read(u[target]))
    return made


@torch.no_grad()
def round_trip_rows(workspace: Workspace, u: Latents) -> list[Row]:
    """Errors of each domain's demi-cycle, and of its cycle through all the others."""
    made: list[Row] = []
    for name, back in workspace.demi_cycle({name: u[name] for name in workspace.domains}).items():
        made += latent_errors("demi_cycle", f"{name}->{name}", workspace, name, back, u[name])
    for name in workspace.domains:
        through = "+".join(complement(workspace.domains, (name,)))
        back = workspace.cycle({name: u[name]})[name]
        made += latent_errors("cycle", f"{name}->{through}->{name}", workspace, name, back, u[name])
    return made


@torch.no_grad()
def alignment_rows(workspace: Workspace, u: Latents, candidates: int) -> list[Row]:
    """How near the pre-fusion representations of one moment lie, between every two domains.

    Retrieval both ways, in %, among disjoint sets of `candidates` rows (mean over the sets); mean cosine of rows that
    belong together, and of rows that do not: in a space where all is alike both are 1.
    """
    pre = workspace.encode({name: u[name] for name in workspace.domains})
    rows = len(next(iter(pre.values())))
    size = min(candidates, rows)
    sets = rows // size
    made: list[Row] = []
    for x, y in permutations(pre, 2):
        parts = [z[: size * sets].split(size) for z in (pre[x], pre[y])]
        found = float(np.mean([top1(a, b) for a, b in zip(*parts)]))
        made.append(number("retrieval_top1", found, f"{x}->{y}", "%", bound_constant=100.0 / size, rows=size * sets))
    for x, y in combinations(pre, 2):
        a, b = functional.normalize(pre[x], dim=1), functional.normalize(pre[y], dim=1)
        for metric, other in (("cosine", b), ("cosine_of_strangers", b.roll(1, 0))):
            made.append(number(metric, (a * other).sum(1).mean().item(), f"{x}->{y}", rows=rows))
    return made


@torch.no_grad()
def fullness_rows(workspace: Workspace, u: Latents) -> list[Row]:
    """How many directions of the space the state z uses, fused from each domain alone and from all with equal weights.

    The cross-domain share is how much of z differs between two domains that show the same moment, over what differs
    between moments: 0 where they agree, 1 where they have nothing in common, more where they also lie elsewhere.
    """
    names = tuple(workspace.domains)
    made: list[Row] = []
    states = {sources: workspace.fuse({x: u[x] for x in sources}) for sources in [*((x,) for x in names), names]}
    for sources, z in states.items():
        spectrum = variances(z)
        route, rows = "+".join(sources), len(z)
        made += [
            number("participation_ratio", participation_ratio(spectrum), route, "directions", rows=rows),
            number("effective_rank", effective_rank(spectrum), route, "directions", rows=rows),
            number("z_variance", spectrum.sum().item() / workspace.dim, route, rows=rows),
        ]
    for x, y in combinations(names, 2):
        a, b = states[x,], states[y,]
        apart = (a - b).square().mean().item()
        spread = (a.var(0, correction=0) + b.var(0, correction=0)).mean().item()
        share = apart / spread if spread else float("nan")
        made.append(number("cross_domain_share", share, f"{x}->{y}", bound_constant=1.0, rows=len(a)))
    return made


def variances(z: Tensor) -> Tensor:
    """Variances (dim,) of z (N, dim) along its principal directions, float64."""
    centred = z.double() - z.double().mean(0)
    return torch.linalg.eigvalsh(centred.T @ centred / len(z)).clamp(min=0)


def participation_ratio(spectrum: Tensor) -> float:
    """(Σλ)² / Σλ²: 1 if all variance lies along one direction, the number of directions if they share it; else 0."""
    total = spectrum.sum()
    return (total.square() / spectrum.square().sum()).item() if total > 0 else 0.0


def effective_rank(spectrum: Tensor) -> float:
    """e to the entropy of the shares of variance (Roy and Vetterli, 2007); 0 where nothing varies."""
    total = spectrum.sum()
    if total <= 0:
        return 0.0
    shares = spectrum / total
    return torch.special.entr(shares).sum().exp().item()
