"""Every random stream of the project comes from here: named, reproducible, independent of process and clock."""

import hashlib

import numpy as np
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
    return torch.Generator(device=device).manual_seed(derive(*parts))
