"""Every random stream of the project comes from here: named, reproducible, independent of process and clock."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # environments and random policies need no torch, and importing it takes seconds
    import torch


def derive(*parts: str | int) -> int:
    """A seed in [0, 2⁶³) for the stream named by `parts`; the same parts give the same seed everywhere.

    Python's `hash()` is salted per process, so the name goes through SHA-256 instead.
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def numpy_generator(*parts: str | int) -> np.random.Generator:
    """A NumPy generator for the stream named by `parts`."""
    return np.random.default_rng(derive(*parts))


def torch_generator(*parts: str | int, device: str | torch.device = "cpu") -> torch.Generator:
    """A torch generator for the stream named by `parts`."""
    import torch

    return torch.Generator(device=device).manual_seed(derive(*parts))


def row_draws(rows: npt.NDArray[Any], *parts: str | int) -> npt.NDArray[np.uint16]:
    """16 random numbers (N, 16), uniform in 0 … 65535, for each row of `rows` (N, …).

    They depend on the row's bytes and the stream's name alone, so a row draws the same wherever it stands.
    """
    stream = hashlib.sha256("\x1f".join(map(str, parts)).encode())
    digests = bytearray()
    for row in np.ascontiguousarray(rows):
        # A stream absorbs its name once; copying it is cheaper than hashing the name again.
        hashed = stream.copy()
        hashed.update(b"\x1f" + row.tobytes())
        digests += hashed.digest()
    return np.frombuffer(bytes(digests), dtype="<u2").reshape(-1, 16)
