"""Training state on disk: tensors and plain numbers in one safetensors file, written whole or not at all.

No pickle is involved, so loading a checkpoint runs no code. The tree of dicts and lists is kept as JSON in the file's
metadata with tensors replaced by their keys; an `identity` string (the stage's settings) says whose state it is, and a
SHA-256 finds what a disk has changed since.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised

from gwpipe.errors import UserError

_TENSOR = "__tensor__"
_ARRAY = "__array__"
_TUPLE = "__tuple__"


def _flatten(node: Any, key: str, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(node, torch.Tensor):
        tensors[key] = node.detach().cpu().contiguous().clone()
        return {_TENSOR: key}
    if isinstance(node, np.ndarray):
        tensors[key] = torch.from_numpy(np.array(node, order="C"))
        return {_ARRAY: key}
    if isinstance(node, dict):
        items = {str(k): _flatten(v, f"{key}/{k}", tensors) for k, v in node.items()}
        # JSON keys are strings; optimisers number their parameters, so say which keys were integers.
        integers = [str(k) for k in node if isinstance(k, int)]
        return {"dict": items, "integers": integers}
    if isinstance(node, tuple):
        return {_TUPLE: [_flatten(v, f"{key}/{i}", tensors) for i, v in enumerate(node)]}
    if isinstance(node, list):
        return [_flatten(v, f"{key}/{i}", tensors) for i, v in enumerate(node)]
    if isinstance(node, np.generic):
        return node.item()
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise TypeError(f"checkpoint cannot hold {type(node).__name__} at {key}")


def _unflatten(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(node, list):
        return [_unflatten(v, tensors) for v in node]
    if not isinstance(node, dict):
        return node
    if _TENSOR in node:
        return tensors[node[_TENSOR]]
    if _ARRAY in node:
        return tensors[node[_ARRAY]].numpy()
    if _TUPLE in node:
        return tuple(_unflatten(v, tensors) for v in node[_TUPLE])
    integers = set(node["integers"])
    return {(int(k) if k in integers else k): _unflatten(v, tensors) for k, v in node["dict"].items()}


def save(path: Path, state: dict[str, Any], identity: str) -> None:
    """Replace the checkpoint at `path` by `state`; a kill at any moment leaves the old one or the new one, whole.

    Raises:
        TypeError: the state holds something other than tensors, arrays, numbers, strings, None, dicts, lists, tuples.
        UserError: the disk is full or the folder cannot be written to; the old checkpoint stays.
    """
    tensors: dict[str, torch.Tensor] = {}
    tree = _flatten(state, "", tensors)
    content = {"identity": identity, "sha256": _hash(tree, tensors), "tree": tree}
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            # One key only: safetensors writes several in no fixed order, and equal states must be equal files.
            file.write(serialised(tensors, metadata={"state": json.dumps(content)}))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as fault:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        what = fault.strerror or fault
        raise UserError(f"cannot write checkpoint {path}: {what}; free some space or mend the folder") from fault


def _hash(tree: Any, tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 of a flattened state: the tree, then every tensor's bytes."""
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True).encode())
    for key in sorted(tensors):
        digest.update(f"{key} {tensors[key].dtype} {tuple(tensors[key].shape)}\n".encode())
        digest.update(tensors[key].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load(path: Path, identity: str) -> dict[str, Any] | None:
    """The state saved at `path`, or None where there is none.

    Raises:
        UserError: the file is damaged, or belongs to other settings.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            if state["identity"] != identity:
                raise UserError(
                    f"checkpoint {path} belongs to other settings or another version of the code; "
                    "delete it to train anew, or restore the settings it was made with to go on from it"
                )
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
            if state["sha256"] != _hash(state["tree"], tensors):
                raise ValueError("its content differs from its checksum")
            return _unflatten(state["tree"], tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise UserError(f"checkpoint {path} is damaged ({fault}); delete it to train anew") from fault


def generator_state(generator: np.random.Generator) -> str:
    """A NumPy generator's state as a JSON string (its integers exceed 64 bits)."""
    return json.dumps(generator.bit_generator.state)


def restore_generator(generator: np.random.Generator, state: str) -> None:
    """Put a NumPy generator back into a state given by `generator_state`."""
    generator.bit_generator.state = json.loads(state)
