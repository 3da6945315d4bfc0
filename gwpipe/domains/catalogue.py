"""How domains are built from a description, and how they go to disk and come back."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import torch

from gwpipe import layout
from gwpipe.domains import weights
from gwpipe.domains.domain import Domain
from gwpipe.errors import UserError, nearest
from gwpipe.seeding import derive
from gwpipe.settings import domains
from gwpipe.settings.representation import VAESettings


def build(description: dict[str, Any]) -> Domain:
    """The module of a description; freshly initialised by torch's global generator.

    Raises:
        UserError: a kind that this version does not know, or an option that the kind does not have or refuses.
    """
    kind = description.get("kind")
    module, name = domains.place_of(kind)
    maker: type[Domain] = getattr(importlib.import_module(module), name)
    options = {key: value for key, value in description.items() if key != "kind"}
    known = inspect.signature(maker).parameters
    for option in options:
        if option not in known:
            raise UserError(f"a domain of kind '{kind}' has no option '{option}'{nearest(option, known)}")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise UserError(f"a domain of kind '{kind}' needs the option '{option}'")
    return maker(**options)


def make_domain(env: str, name: str, settings: VAESettings, seed: int = 0) -> Domain:
    """A fresh domain of an environment, its weights drawn from `seed`.

    Raises:
        UserError: the environment has no such domain, or its kind or options do not exist.
    """
    chosen = domains.resolved(env, name, settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("domain", name, seed))
        return build({"kind": chosen.kind, "latent": chosen.latent, "width": chosen.width} | chosen.options)


def save_domain(path: Path, domain: Domain) -> None:
    """Write a domain's weights and description to `path`, whole or not at all."""
    weights.save(path, domain.describe(), domain.state_dict())


def load_domain(path: Path) -> Domain:
    """A trained domain, frozen and in evaluation mode.

    Raises:
        UserError: the file is missing, damaged or of another kind.
    """
    remedy = layout.command("train_vae", path)
    description, state = weights.load(path, remedy)
    with weights.described(path, remedy):
        domain = build(description)
    weights.fill(domain, state, path, remedy)
    return domain
