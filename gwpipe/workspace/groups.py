"""Groups of latents: which domains are seen together, row by row, and which are not.

A group is a set of domains that share their rows: row i of each shows the same moment. Pairs of images and attributes
are the group (v, attr); images alone are the group (v,). A training set is one group or several, of different rows.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain, combinations
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.errors import UserError

Group = tuple[str, ...]
"""Names of domains, in the workspace's order."""
Latents = Mapping[str, Tensor]
"""Domain → unimodal latents (N, latent), rows paired."""
Groups = Mapping[Group, Latents]
AnyGroups = Groups | Mapping[frozenset[str], Latents]
"""As users give them: domains in any order."""


def subsets(group: Group) -> list[Group]:
    """Every non-empty subset of a group, the smallest first, each in the group's order."""
    return list(chain.from_iterable(combinations(group, size) for size in range(1, len(group) + 1)))


def complement(domains: Iterable[str], group: Group) -> Group:
    """The domains outside of `group`, in their order."""
    return tuple(name for name in domains if name not in group)


def take(latents: Latents, rows: Mapping[frozenset[str], npt.NDArray[np.int64]]) -> dict[frozenset[str], Latents]:
    """The rows of each set of domains (gwpipe.data.pairing) out of latents (N, latent) of all."""
    chosen = {names: torch.from_numpy(index) for names, index in rows.items()}
    return {names: {name: latents[name][index] for name in names} for names, index in chosen.items()}


def as_groups(latents: Latents | AnyGroups, domains: Collection[str]) -> dict[Group, dict[str, Tensor]]:
    """The groups of a training set, their names in the order of `domains`.

    latents: domain → (N, latent), which is one group; or set of domains (tuple or frozenset) → such latents, of which
    those of the set's domains are taken.

    Raises:
        UserError: there is no group or it is empty, a domain is unknown or has no latents, a group comes twice, has
            one row, or its domains differ in their numbers of rows.
    """
    if all(isinstance(key, str) for key in latents):
        single = cast(Latents, latents)
        several: Mapping[Collection[str], Latents] = {tuple(single): single} if single else {}
    else:
        several = cast(Mapping[Collection[str], Latents], latents)
    groups: dict[Group, dict[str, Tensor]] = {}
    for key, members in several.items():
        shown = " + ".join(sorted(key))
        unknown = sorted(set(key) - set(domains))
        if unknown or not key:
            raise UserError(f"group '{shown}' is of no use: the workspace knows {', '.join(domains)}, not {unknown}")
        absent = sorted(set(key) - set(members))
        if absent:
            raise UserError(f"group '{shown}' has no latents of {', '.join(absent)}")
        group = tuple(name for name in domains if name in key)
        rows = {name: len(members[name]) for name in group}
        # One row has no standard deviation, which latents and states are standardised by.
        if len(set(rows.values())) != 1 or min(rows.values()) < 2:
            raise UserError(f"group '{shown}' needs equally many rows of each domain, at least two, but has {rows}")
        if group in groups:
            raise UserError(f"group '{shown}' is given twice; put its rows together")
        groups[group] = {name: members[name] for name in group}
    if not groups:
        raise UserError("there are no latents to train on: give at least one group of domains")
    return groups
