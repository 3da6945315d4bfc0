"""Retrieval: is the picture that lies nearest to an attribute vector in the workspace its own, and the other way?"""

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.studies.routes import PICTURE, VECTOR
from gwpipe.studies.tidy import Row
from gwpipe.workspace.workspace import Workspace

GOAL = 90.0
"""Top-1 (%) that a workspace of kind gw should reach …"""
GOAL_CANDIDATES = 1000
"""… among at least so many."""
GOAL_KIND = "gw"


def top1(query: Tensor, candidates: Tensor) -> float:
    """Share (%) of rows whose nearest candidate, by cosine, is the one of the same row; both (N, dim).

    A tie counts as missed, so that a space in which everything is alike retrieves nothing.
    """
    likeness = functional.normalize(query.double(), dim=1) @ functional.normalize(candidates.double(), dim=1).T
    own = likeness.diagonal()
    others = likeness.clone().fill_diagonal_(-torch.inf).amax(1)
    return 100.0 * (own > others).double().mean().item()


@torch.no_grad()
def retrieval_rows(
    u: Mapping[str, Tensor], workspaces: Mapping[str, Workspace], candidates: int, sets: int
) -> list[Row]:
    """Top-1 in both directions for every workspace: mean and standard error over disjoint sets, as rows of the table.

    u: latents of `v` and `attr`, (candidates · sets, latent), rows paired. Compared are the pre-fusion representations,
    which is where the contrastive loss puts them.
    """
    rows: list[Row] = []
    for kind, workspace in workspaces.items():
        pre = workspace.encode({name: u[name] for name in (PICTURE, VECTOR)})
        parts = {name: z[: candidates * sets].split(candidates) for name, z in pre.items()}
        for query, answer in permutations((PICTURE, VECTOR)):
            found = np.array([top1(a, b) for a, b in zip(parts[query], parts[answer])])
            row: Row = {
                "kind": kind,
                "route": f"{query}->{answer}",
                "read_by": "",
                "quantity": "retrieval",
                "statistic": "top1",
                "unit": "%",
                "value": float(found.mean()),
                "sem": standard_error(found),
                "bound_constant": 100.0 / candidates,
                "candidates": candidates,
                "rows": candidates * sets,
            }
            if kind == GOAL_KIND and candidates >= GOAL_CANDIDATES:
                row |= {"goal": GOAL, "goal_met": bool(found.mean() >= GOAL)}
            rows.append(row)
    return rows


def standard_error(values: npt.NDArray[np.float64]) -> float | None:
    """Standard error of the mean of values (n,); of a single one there is none."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
