"""Which domains each environment has, and how they go to disk and come back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gwpipe.domains import weights
from gwpipe.domains.attributes import ShapeAttributesVAE, VectorAttributesVAE
from gwpipe.domains.domain import Domain
from gwpipe.domains.visual import VisualVAE
from gwpipe.errors import UserError
from gwpipe.seeding import derive
from gwpipe.settings.representation import VAESettings

KINDS: dict[str, Callable[..., Domain]] = {
    "visual": VisualVAE,
    "shape_attributes": ShapeAttributesVAE,
    "vector_attributes": VectorAttributesVAE,
}
"""Name in a stored description → what builds it from the rest of the description."""

DOMAINS: dict[str, dict[str, dict[str, Any]]] = {
    "simple_shapes": {"v": {"kind": "visual", "side": 32}, "attr": {"kind": "shape_attributes"}},
    "robodesk": {"v": {"kind": "visual", "side": 64}, "attr": {"kind": "vector_attributes", "size": 76}},
}
"""Environment → domain → what its settings do not say."""


def build(description: dict[str, Any]) -> Domain:
    """The module of a description; freshly initialised by torch's global generator.

    Raises:
        UserError: a kind that this version does not know.
    """
    rest = {key: value for key, value in description.items() if key != "kind"}
    if description.get("kind") not in KINDS:
        raise UserError(f"there is no domain of kind {description.get('kind')!r}; there is {', '.join(KINDS)}")
    return KINDS[description["kind"]](**rest)


def make_domain(env: str, name: str, settings: VAESettings, seed: int = 0) -> Domain:
    """A fresh domain of an environment, its weights drawn from `seed`.

    Raises:
        UserError: the environment has no such domain.
    """
    if name not in DOMAINS[env]:
        raise UserError(f"{env} has no domain '{name}'; there is {', '.join(DOMAINS[env])}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("domain", name, seed))
        return build(DOMAINS[env][name] | {"latent": settings.latent, "width": settings.width})


def save_domain(path: Path, domain: Domain) -> None:
    """Write a domain's weights and description to `path`, whole or not at all."""
    weights.save(path, domain.describe(), domain.state_dict())


def load_domain(path: Path) -> Domain:
    """A trained domain, frozen and in evaluation mode.

    Raises:
        UserError: the file is missing, damaged or of another kind.
    """
    description, state = weights.load(path, "gwpipe train_vae")
    domain = build(description)
    weights.fill(domain, state, path, "gwpipe train_vae")
    return domain
