"""The selections there are, and how they go to disk and come back. A new rule is one file and one line here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gwpipe import layout
from gwpipe.domains import weights as weights_file
from gwpipe.errors import UserError, nearest
from gwpipe.seeding import derive
from gwpipe.settings.representation import SelectionSettings
from gwpipe.workspace.selection.attention import QueryAttention
from gwpipe.workspace.selection.fixed import Equal, Random, Single
from gwpipe.workspace.selection.precision import Precision
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.selection.static import Static

RULES: dict[str, type[Selection]] = {
    kind.rule: kind for kind in (Equal, Single, Random, Static, QueryAttention, Precision)
}
"""Name → what builds it."""


def build(rule: str, options: Mapping[str, Any]) -> Selection:
    """The selection `rule`, with those of the options that it takes; freshly initialised by torch's global generator.

    Raises:
        UserError: there is no such rule (the nearest is named), or it needs an option that is not given.
    """
    if rule not in RULES:
        raise UserError(f"there is no selection '{rule}'{nearest(rule, RULES)}")
    missing = [name for name in RULES[rule].takes if options.get(name) is None]
    if missing:
        raise UserError(f"selection '{rule}' needs {', '.join(missing)}")
    return RULES[rule](**{name: options[name] for name in RULES[rule].takes})


def make_selection(
    settings: SelectionSettings, domains: Mapping[str, int], dim: int, seed: int = 0, activation: str = "tanh"
) -> Selection:
    """A fresh selection for a workspace of width `dim` over `domains` (name → width of u), drawn from `seed`.

    activation: the workspace's.

    Raises:
        UserError: the settings name a rule that does not exist, or leave out what it needs.
    """
    workspace = {"domains": dict(domains), "dim": dim, "activation": activation}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("selection", settings.rule, seed))
        return build(settings.rule, settings.model_dump() | workspace)


def save_selection(path: Path, selection: Selection) -> None:
    """Write a selection's weights and description to `path`, whole or not at all."""
    weights_file.save(path, {"rule": selection.rule, **selection.describe()}, selection.state_dict())


def load_selection(path: Path) -> Selection:
    """A selection as it was saved, frozen and in evaluation mode.

    Raises:
        UserError: the file is missing, damaged or no selection.
    """
    remedy = layout.command("train_selection", path)
    description, state = weights_file.load(path, remedy)
    if "rule" not in description:
        raise UserError(f"weights {path} are no selection; give a file made by {remedy}")
    with weights_file.described(path, remedy):
        selection = build(description.pop("rule"), {"activation": "tanh"} | description)
    weights_file.fill(selection, state, path, remedy)
    return selection
