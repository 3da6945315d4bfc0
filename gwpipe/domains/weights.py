"""Weights of a module with the description it is built from, in one safetensors file: no pickle, no class paths."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import Tensor

from gwpipe import artefact
from gwpipe.errors import UserError


def save(path: Path, description: dict[str, Any], state: dict[str, Tensor]) -> None:
    """Write `path` whole or not at all; `description` is JSON data."""
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    with artefact.staging(path) as partial:
        partial.write_bytes(serialised(tensors, metadata={"description": json.dumps(description, sort_keys=True)}))


def load(path: Path, remedy: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Description and tensors of `path`; `remedy` says in an error what makes the file anew.

    Raises:
        UserError: the file is missing, damaged, or no weights of this project.
    """
    try:
        with safe_open(path, framework="pt") as file:
            description = json.loads((file.metadata() or {})["description"])
            if not isinstance(description, dict):
                raise ValueError("its description is no mapping")
            return description, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError:
        raise UserError(f"weights {path} do not exist; make them with {remedy}") from None
    except (SafetensorError, OSError, KeyError, ValueError, RecursionError) as fault:
        raise UserError(f"weights {path} are damaged ({fault}); make them again with {remedy}") from fault


@contextlib.contextmanager
def described(path: Path, remedy: str) -> Iterator[None]:
    """For building a module from the description read from `path`, which may be another kind's or made up.

    Raises:
        UserError: the description does not fit.
    """
    try:
        yield
    except (TypeError, KeyError, ValueError, AttributeError, RuntimeError, ArithmeticError, MemoryError) as fault:
        raise UserError(f"weights {path} describe something else than this; make them with {remedy}") from fault


def fill(module: torch.nn.Module, state: dict[str, Tensor], path: Path, remedy: str) -> None:
    """Load `state`, read from `path`, into `module`, and freeze it for use.

    Raises:
        UserError: the tensors are not the module's.
    """
    try:
        module.load_state_dict(state)
    except RuntimeError as fault:
        raise UserError(f"weights {path} do not fit their description; make them again with {remedy}") from fault
    module.eval().requires_grad_(False)
