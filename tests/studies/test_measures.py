"""Measures of small workspaces: known numbers for known spaces."""

import numpy as np
import pytest
import torch

from gwpipe.studies.fresh_shapes import sample_raw
from gwpipe.studies.measures import (
    alignment_rows,
    attribute_rows,
    effective_rank,
    fullness_rows,
    participation_ratio,
    translation_rows,
    variances,
)
from gwpipe.workspace.workspace import Workspace


def value(rows, metric, route):
    (found,) = [row["value"] for row in rows if row["metric"] == metric and row["route"] == route]
    return found


def identity(dim, scale=1.0):
    """A workspace whose encoders and decoders are multiples of the identity, small enough for tanh to be linear."""
    workspace = Workspace({"attr": dim, "v": dim}, dim, hidden=8, layers=1)
    for name in ("attr", "v"):
        workspace.encoders[name] = torch.nn.Linear(dim, dim, bias=False)
        workspace.decoders[name] = torch.nn.Linear(dim, dim, bias=False)
        with torch.no_grad():
            workspace.encoders[name].weight.copy_(1e-3 * scale * torch.eye(dim))
            workspace.decoders[name].weight.copy_(1e3 / scale * torch.eye(dim))
    return workspace.requires_grad_(False)


@pytest.fixture
def u():
    attr = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    return {"attr": attr, "v": attr.clone()}


@pytest.mark.parametrize("directions", [1, 2, 4])
def test_directions_are_counted(directions):
    z = torch.zeros(4000, 6)
    z[:, :directions] = torch.randn(4000, directions, generator=torch.Generator().manual_seed(0))
    turned = z @ torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(1))).Q + 3
    assert participation_ratio(variances(turned)) == pytest.approx(directions, rel=0.01)
    assert effective_rank(variances(turned)) == pytest.approx(directions, rel=0.01)


def test_a_point_has_no_direction():
    assert participation_ratio(variances(torch.ones(10, 3))) == 0
    assert effective_rank(variances(torch.ones(10, 3))) == 0


def test_a_perfect_space_explains_all_and_retrieves_all(u):
    workspace = identity(4)
    assert value(translation_rows(workspace, u, [(("attr",), "v")]), "translation_unexplained", "attr->v") < 1e-4
    rows = alignment_rows(workspace, u, 100)
    assert value(rows, "retrieval_top1", "attr->v") == 100
    assert value(rows, "cosine", "attr->v") == pytest.approx(1)
    assert abs(value(rows, "cosine_of_strangers", "attr->v")) < 0.2
    full = fullness_rows(workspace, u)
    assert value(full, "effective_rank", "attr") > 3.9
    assert value(full, "cross_domain_share", "attr->v") == pytest.approx(0, abs=1e-9)


def test_a_space_whose_domains_do_not_meet_is_told_from_it(u):
    strangers = {"attr": u["attr"], "v": torch.randn(500, 4, generator=torch.Generator().manual_seed(1))}
    workspace = identity(4)
    rows = translation_rows(workspace, strangers, [(("attr",), "v")])
    assert value(rows, "translation_unexplained", "attr->v") == pytest.approx(2, rel=0.1)
    assert value(alignment_rows(workspace, strangers, 100), "retrieval_top1", "attr->v") < 5
    assert value(fullness_rows(workspace, strangers), "cross_domain_share", "attr->v") == pytest.approx(1, rel=0.1)


def test_a_collapsed_space_uses_one_direction(u):
    workspace = identity(4)
    with torch.no_grad():
        for name in ("attr", "v"):
            workspace.encoders[name].weight[1:] = 0
    rows = fullness_rows(workspace, u)
    assert value(rows, "participation_ratio", "attr") == pytest.approx(1, rel=1e-6)
    assert value(rows, "effective_rank", "attr") == pytest.approx(1, rel=1e-3)


def test_errors_are_in_units_of_the_standardised_latents_and_shares_in_those_of_the_constant(u):
    workspace = identity(4)
    workspace.get_buffer("scale_v").fill_(2.0)  # decodes attr doubled
    workspace.get_buffer("scale_attr").fill_(1.0)
    rows = translation_rows(workspace, u, [(("attr",), "v")])
    variance = u["v"].var(0, correction=0).mean().item()
    power = u["v"].square().mean().item()
    assert value(rows, "translation_loss", "attr->v") == pytest.approx(power / 4, rel=1e-3)
    assert value(rows, "translation_unexplained", "attr->v") == pytest.approx(power / variance, rel=1e-3)


def test_attributes_are_told_beside_their_bounds():
    raw = sample_raw(np.random.default_rng(0), 200)
    moved = raw.copy()
    moved[:, 1] += 3
    rows = {row["metric"]: row for row in attribute_rows("", moved, raw, raw)}
    assert set(rows) == {"class_accuracy", "position_mean", "rotation_median", "size_mean", "colour_mean"}
    assert rows["position_mean"]["value"] == pytest.approx(3)
    assert rows["position_mean"]["bound"] == 0
    assert rows["position_mean"]["unit"] == "px"
    assert rows["class_accuracy"]["value"] == 100
