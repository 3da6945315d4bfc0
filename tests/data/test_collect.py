"""A killed collection ends with the same bytes as one that was not, and so does one by several processes."""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gwpipe import artefact
from gwpipe.data.collect import ROWS_AT_ONCE, collect
from gwpipe.data.episodes import open_episodes
from gwpipe.data.store import CHUNK_ROWS
from gwpipe.data.workers import Crew
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError
from gwpipe.settings.representation import SourceSettings

SOURCE = SourceSettings(task="centre", policy="random", rows=3 * CHUNK_ROWS + 100, episode_decisions=40)


class Killed(BaseException):
    """Stands for a kill: nothing in the project catches it."""


class Mortal(SimpleShapes):
    """Dies at the step number `dies_at`, counted over all episodes."""

    dies_at = -1
    steps = 0

    def step(self, action: np.int64) -> tuple[Any, ...]:
        Mortal.steps += 1
        if Mortal.steps == Mortal.dies_at:
            raise Killed
        return super().step(action)


@pytest.fixture
def whole(tmp_path: Path) -> str:
    """Hash of an uninterrupted collection."""
    collect(SimpleShapes, SOURCE, 3, tmp_path / "whole.zarr", tmp_path / "whole")
    return artefact.hash_directory(tmp_path / "whole.zarr")


def run_until(dies_at: int, tmp_path: Path, identity: str = "a") -> Path:
    Mortal.steps, Mortal.dies_at = 0, dies_at
    collect(Mortal, SOURCE, 3, tmp_path / "killed.zarr", tmp_path / "scratch", identity)
    return tmp_path / "killed.zarr"


def test_resumed_after_kills_equals_uninterrupted(whole: str, tmp_path: Path) -> None:
    for dies_at in (20, 700, 900):
        with pytest.raises(Killed):
            run_until(dies_at, tmp_path)
        assert not (tmp_path / "killed.zarr").exists()
    path = run_until(-1, tmp_path)
    assert Mortal.steps < SOURCE.rows - 2 * CHUNK_ROWS + SOURCE.episode_decisions, (
        "what was on disk was not collected again"
    )
    assert artefact.hash_directory(path) == whole


def test_rows_behind_the_last_commit_are_cut_off(whole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks reach the disk before the side file does; a kill between the two leaves more rows than are committed."""
    with monkeypatch.context() as patch:
        patch.setattr("gwpipe.data.episodes.artefact.staging", _die)
        with pytest.raises(Killed):
            run_until(-1, tmp_path)
    assert artefact.hash_directory(run_until(-1, tmp_path)) == whole


def _die(path: Path) -> None:
    raise Killed


def test_rows_of_another_identity_are_not_continued(whole: str, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run_until(1000, tmp_path, "other")
    assert artefact.hash_directory(run_until(-1, tmp_path)) == whole
    assert SOURCE.rows > Mortal.steps > SOURCE.rows * 0.95


def test_rows_asked_for_and_the_last_episode_whole(tmp_path: Path) -> None:
    found = collect(SimpleShapes, SOURCE.model_copy(update={"rows": 50}), 0, tmp_path / "a.zarr", tmp_path / "s")
    stored = open_episodes(tmp_path / "a.zarr")
    assert found == {"rows": stored.rows, "episodes": 2}
    assert stored.rows == 82


class Uneven(SimpleShapes):
    """Ends its episodes before their time, after 1 to 40 decisions."""

    def reset(self, **kwargs: Any) -> Any:
        self.left = 1 + kwargs["seed"] % 40
        return super().reset(**kwargs)

    def step(self, action: np.int64) -> tuple[Any, ...]:
        self.left -= 1
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, terminated or self.left == 0, truncated, info


def test_any_number_of_workers_collects_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three, which are stopped, and then two, of which one is killed; each takes three episodes at a time."""
    source = SOURCE.model_copy(update={"rows": 2 * CHUNK_ROWS + 100})
    collect(Uneven, source, 3, tmp_path / "whole.zarr", tmp_path / "whole")
    result, killed = Crew.result, []

    def stop(crew: Crew[Any], numbers: range, last: int) -> Any:
        if (tmp_path / "scratch/committed.json").exists():
            raise Killed
        return result(crew, numbers, last)

    def kill_one(crew: Crew[Any], numbers: range, last: int) -> Any:
        if not killed:
            killed.append(multiprocessing.active_children()[0])
            killed[0].kill()
        return result(crew, numbers, last)

    path = tmp_path / "workers.zarr"
    monkeypatch.setattr(Crew, "result", stop)
    with pytest.raises(Killed):
        collect(Uneven, source, 3, path, tmp_path / "scratch", workers=3)
    assert not multiprocessing.active_children()
    assert ROWS_AT_ONCE // (SOURCE.episode_decisions + 1) == 3
    monkeypatch.setattr(Crew, "result", kill_one)
    collect(Uneven, source, 3, path, tmp_path / "scratch", workers=2)
    assert artefact.hash_directory(path) == artefact.hash_directory(tmp_path / "whole.zarr")


@pytest.mark.parametrize("workers", [1, 2])
def test_task_without_an_expert_is_refused_in_one_line(tmp_path: Path, workers: int) -> None:
    source = SOURCE.model_copy(update={"policy": "expert"})
    with pytest.raises(UserError) as raised:
        collect(SimpleShapes, source, 0, tmp_path / "a.zarr", tmp_path / "s", workers=workers)
    assert "\n" not in str(raised.value)
    assert "push_green" in str(raised.value)


def test_expert_takes_over_after_a_random_prefix(tmp_path: Path) -> None:
    """RoboDesk without pictures: the expert repeats itself from the same seed; a prefix changes its actions."""
    from gwpipe.envs.robodesk import RoboDesk

    def make(**kwargs: Any) -> RoboDesk:
        return RoboDesk(observe=("attributes",), **kwargs)

    source = SourceSettings(task="push_green", policy="expert", rows=30, episode_decisions=14)
    actions = []
    for name, prefix in (("plain", 0), ("again", 0), ("prefix", 10)):
        collect(make, source.model_copy(update={"random_prefix": prefix}), 0, tmp_path / name, tmp_path / f"{name}.s")
        actions.append(open_episodes(tmp_path / name).load("action"))
    np.testing.assert_array_equal(actions[0], actions[1])
    assert not np.array_equal(actions[0], actions[2])
    assert actions[0].shape == (30, 5)
