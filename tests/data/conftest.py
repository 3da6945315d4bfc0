from collections.abc import Callable
from pathlib import Path

import gymnasium
import pytest

import gwpipe.envs
from gwpipe.data.collect import collect
from gwpipe.settings.representation import SourceSettings


def make_shapes(**kwargs: object) -> gymnasium.Env:
    return gymnasium.make("gwpipe/SimpleShapes-v0", **kwargs)


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., Path]:
    """Collects `rows` rows of Simple Shapes in episodes of `length` decisions and says where."""
    assert gwpipe.envs.ENVIRONMENT_IDS["simple_shapes"] == "gwpipe/SimpleShapes-v0"

    def make(rows: int, length: int, name: str = "random", seed: int = 0) -> Path:
        source = SourceSettings(task="centre", policy="random", rows=rows, episode_decisions=length)
        path = tmp_path / "simple_shapes" / "data" / "centre" / f"{name}.zarr"
        collect(make_shapes, source, seed, path, tmp_path / "scratch" / name)
        return path

    return make
