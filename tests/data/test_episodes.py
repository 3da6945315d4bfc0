"""What is stored, in which row, and what is said about a store that is not whole."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gwpipe.data.episodes import held_out_from, load_observations, open_episodes
from gwpipe.data.store import CHUNK_ROWS, Field, Rows, RowWriter
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError


def test_rows_follow_the_timing_table(collected: Callable[..., Path]) -> None:
    """Replaying the stored actions from the stored first picture gives the stored pictures and rewards."""
    stored = open_episodes(collected(rows=30, length=9))
    rows = {name: stored.load(name) for name in stored.arrays}
    assert stored.rows == stored.attributes["rows"] == 30
    assert stored.attributes["episodes"] == 3
    np.testing.assert_array_equal(np.flatnonzero(rows["is_first"]), [0, 10, 20])
    np.testing.assert_array_equal(np.flatnonzero(rows["is_last"]), [9, 19, 29])
    assert not rows["is_terminal"].any(), "a time limit is no termination"
    assert (rows["action"][rows["is_last"]] == 0).all()
    assert (rows["reward"][rows["is_first"]] == 0).all()
    assert len(set(rows["action"])) > 3
    for start in (0, 10, 20):
        assert (rows["reward"][start + 1 : start + 10] < 0).all()
        changed = np.abs(np.diff(rows["attributes"][start : start + 10], axis=0)).max(1) > 0
        np.testing.assert_array_equal(changed, rows["action"][start : start + 9] != 0)
    assert rows["image"].dtype == np.uint8
    assert rows["image"].shape == (30, 32, 32, 3)


def test_first_rows_differ_between_episodes_and_seeds(collected: Callable[..., Path]) -> None:
    one = open_episodes(collected(rows=20, length=1)).load("attributes")
    other = open_episodes(collected(rows=20, length=1, name="other", seed=1)).load("attributes")
    assert len(np.unique(one[::2], axis=0)) == 10
    assert not np.array_equal(one, other)


def test_success_and_termination_are_of_the_row_arrived_at(tmp_path: Path) -> None:
    """A shape one step from the goal, and a policy that takes the step."""
    from gwpipe.data import acting
    from gwpipe.data.episodes import EpisodeWriter, fields_of
    from gwpipe.settings.representation import SourceSettings

    class Near(SimpleShapes):
        def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
            return super().reset(seed=seed, options={"attributes": {"x": 15, "y": 16, "rotation": 0}})

    class Step(acting.RandomPolicy):
        def act(self, observation: object = None) -> np.int64:
            return np.int64(1)

    env = Near()
    policy = Step(env.action_space)
    source = SourceSettings(task="centre", policy="random", rows=1)
    writer = EpisodeWriter(tmp_path / "scratch", fields_of(env), "")
    writer.add(acting._episode(env, policy, policy, source, ("test", 0)))
    writer.finish(tmp_path / "near.zarr", {})
    stored = open_episodes(tmp_path / "near.zarr")
    for name in ("success", "is_terminal", "is_last"):
        np.testing.assert_array_equal(stored.load(name), [False, True])
    np.testing.assert_array_equal(stored.load("action"), [1, 0])
    np.testing.assert_allclose(stored.load("reward"), [0, 0], atol=1e-6)


# Held-out part


def test_held_out_part_is_whole_episodes_from_the_end() -> None:
    is_first = np.zeros(100, bool)
    is_first[[0, 30, 60, 90]] = True
    assert held_out_from(is_first, 0.05) == 90
    assert held_out_from(is_first, 0.10) == 90
    assert held_out_from(is_first, 0.11) == 60


def test_one_episode_cannot_be_split() -> None:
    is_first = np.zeros(10, bool)
    is_first[0] = True
    with pytest.raises(UserError, match="collect more rows"):
        held_out_from(is_first, 0.05)


def test_several_stores_are_split_one_by_one(collected: Callable[..., Path]) -> None:
    paths = [collected(rows=20, length=1), collected(rows=40, length=1, name="other", seed=1)]
    train, held_out = load_observations(paths, "attributes", 0.1)
    assert (len(train), len(held_out)) == (18 + 36, 2 + 4)
    np.testing.assert_array_equal(held_out[-4:], open_episodes(paths[1]).load("attributes")[-4:])


# Faults


def chunk(path: Path, array: str, number: int = 0) -> Path:
    return path / array / "c" / (f"{number}/0/0/0" if array == "image" else str(number))


@pytest.fixture
def store(collected: Callable[..., Path]) -> Path:
    return collected(rows=CHUNK_ROWS + 20, length=1)


def assert_refused(path: Path, *words: str, load: str | None = None) -> None:
    with pytest.raises(UserError) as raised:
        open_episodes(path) if load is None else open_episodes(path).load(load)
    message = str(raised.value)
    assert "\n" not in message
    command = "gwpipe collect --env simple_shapes --task centre --policy random"
    for word in (*words, str(path), command):
        assert word in message


def test_missing_store_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "simple_shapes" / "data" / "centre" / "random.zarr", "does not exist")


def test_missing_chunk_is_refused(store: Path) -> None:
    chunk(store, "image", 1).unlink()
    assert_refused(store, "'image'", "chunk 1")


def test_missing_array_is_refused(store: Path) -> None:
    (store / "reward" / "zarr.json").unlink()
    assert_refused(store, "reward")


def test_truncated_chunk_is_refused(store: Path) -> None:
    file = chunk(store, "reward", 1)
    file.write_bytes(file.read_bytes()[:-7])
    assert_refused(store, "'reward'", "chunk 1", load="reward")


def test_flipped_bit_is_refused(store: Path) -> None:
    file = chunk(store, "image", 0)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert_refused(store, "'image'", "chunk 0", load="image")


def test_unfinished_store_is_refused(store: Path) -> None:
    metadata = json.loads((store / "zarr.json").read_text())
    del metadata["attributes"]["complete"]
    (store / "zarr.json").write_text(json.dumps(metadata))
    assert_refused(store, "incomplete")


def test_arrays_of_different_length_are_refused(store: Path) -> None:
    metadata = json.loads((store / "action" / "zarr.json").read_text())
    metadata["shape"] = [3]
    (store / "action" / "zarr.json").write_text(json.dumps(metadata))
    assert_refused(store, "'action'", "(3,)")


def test_unreadable_metadata_is_refused(store: Path) -> None:
    (store / "zarr.json").write_text("{")
    assert_refused(store, "cannot be opened")


def test_unknown_array_is_refused(store: Path) -> None:
    assert_refused(store, "no array 'sound'", load="sound")


# The writer


def test_writer_continues_behind_the_committed_rows(tmp_path: Path) -> None:
    fields = {"number": Field((), "int64")}
    values = np.arange(2 * CHUNK_ROWS + 5)
    writer = RowWriter(tmp_path / "group", fields)
    writer.append({"number": values[: CHUNK_ROWS + 1]})
    writer.append({"number": -values[: CHUNK_ROWS + 1]})
    again = RowWriter(tmp_path / "group", fields, committed=CHUNK_ROWS)
    again.append({"number": values[CHUNK_ROWS:]})
    assert again.finish({}) == len(values)
    np.testing.assert_array_equal(Rows(tmp_path / "group", "it").load("number"), values)
