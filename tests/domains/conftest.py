"""Observations of both environments, and every registered domain."""

import numpy as np
import pytest

from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise, sample_attributes


@pytest.fixture(scope="session")
def attributes() -> np.ndarray:
    """Normalised attributes of 400 shapes (400, 11)."""
    rng = np.random.default_rng(0)
    return normalise(np.stack([sample_attributes(rng) for _ in range(400)]))


@pytest.fixture(scope="session")
def shown() -> dict[str, dict[str, np.ndarray]]:
    """Environment → observation → 5 rows as it gives them."""
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(5)])
    return {
        "simple_shapes": {"image": draw(raw), "attributes": normalise(raw)},
        "robodesk": {
            "image": rng.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8),
            "attributes": rng.standard_normal((5, 76)).astype(np.float32),
        },
    }
