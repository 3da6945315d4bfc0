"""The episode store: what an environment showed and what was done, row by row (time indices: docs/architecture.md).

Row t holds obs[t] (`image`, `attributes`), `action[t]` chosen at obs[t] (zeros in an episode's last row), `reward[t]`
received on arriving at obs[t] (0 in the first row) and `success[t]` likewise, `is_first`, `is_last`, `is_terminal` (of
obs[t]; a time limit sets `is_last` alone). Episodes lie one behind the other.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from gwpipe import artefact, layout
from gwpipe.data.store import CHUNK_ROWS, Field, Rows, RowWriter
from gwpipe.errors import UserError

Episode = Mapping[str, npt.NDArray[Any]]
"""Every array of one episode, (rows, …)."""


def fields_of(env: gymnasium.Env) -> dict[str, Field]:
    """The arrays that episodes of `env` need."""
    assert isinstance(env.observation_space, gymnasium.spaces.Dict)
    fields = {name: _field(space) for name, space in env.observation_space.spaces.items()}
    fields["action"] = _field(env.action_space)
    fields["reward"] = Field((), "float32")
    return fields | {name: Field((), "bool") for name in ("is_first", "is_last", "is_terminal", "success")}


def _field(space: gymnasium.Space) -> Field:
    assert space.shape is not None
    return Field(space.shape, str(space.dtype))


class EpisodeWriter:
    """Records episodes in order; a writer that was killed is continued by a new one in the same scratch folder.

    Only whole chunks are written, so a chunk may end inside an episode. A side file says how far the rows on disk
    reach: the next writer asks for that episode again (`next_episode`) and drops the part it already has.

    Args:
        scratch: folder of its own, on the file system of the final store.
        fields: arrays, from `fields_of`.
        identity: says whose rows these are; rows of another identity are thrown away.
    """

    def __init__(self, scratch: Path, fields: Mapping[str, Field], identity: str) -> None:
        self.scratch, self.identity = scratch, identity
        self._side = scratch / "committed.json"
        side = self._read_side()
        self.next_episode: int = side["episode"]
        self._skip: int = side["rows_of_it"]
        self._writer = RowWriter(scratch / "unfinished.zarr", fields, side["rows"])
        self.rows: int = side["rows"] - side["rows_of_it"]
        """Rows of all episodes before `next_episode`."""

    def add(self, episode: Episode) -> None:
        """Record the episode number `next_episode`."""
        count = len(episode["is_first"])
        kept = {name: rows[self._skip :] for name, rows in episode.items()}
        self.rows += count
        self._skip = 0
        if self._writer.append(kept):
            waiting = self.rows - self._writer.committed
            with artefact.staging(self._side) as partial:
                side = {"rows": self._writer.committed, "episode": self.next_episode, "rows_of_it": count - waiting}
                partial.write_text(json.dumps({**side, "identity": self.identity}))
        self.next_episode += 1

    def finish(self, path: Path, attributes: Mapping[str, Any]) -> int:
        """Complete the store, read it back, rename it to `path` and return its number of rows.

        attributes: JSON data that describes the store.
        """
        self._writer.finish({**attributes, "episodes": self.next_episode})
        stored = Rows(self._writer.path, layout.command("collect", path))
        is_first, is_last = stored.load("is_first"), stored.load("is_last")
        begins, ends = np.flatnonzero(is_first), np.flatnonzero(is_last)
        if not (len(begins) == len(ends) == self.next_episode and is_first[0] and (begins[1:] == ends[:-1] + 1).all()):
            raise AssertionError(f"{stored.path}: {len(begins)} first and {len(ends)} last rows do not make episodes")
        for name in stored.arrays:
            for _ in stored.chunks(name):
                pass
        artefact.move_into_place(self._writer.path, path)
        self._side.unlink(missing_ok=True)
        return stored.rows

    def _read_side(self) -> dict[str, Any]:
        try:
            side = json.loads(self._side.read_text())
            if side["identity"] == self.identity:
                return side
        except (OSError, ValueError, KeyError):
            pass
        return {"rows": 0, "episode": 0, "rows_of_it": 0}


def open_episodes(path: Path) -> Rows:
    """A complete episode store, checked.

    Raises:
        UserError: missing, incomplete or damaged; says what and how to collect it again.
    """
    return Rows(path, layout.command("collect", path))


def held_out_from(is_first: npt.NDArray[np.bool_], share: float) -> int:
    """First row of the held-out part: whole episodes from the end, together at least `share` of the rows.

    Raises:
        UserError: no episode would be left on one of the two sides.
    """
    begins = np.flatnonzero(is_first)
    before = begins[begins <= (1 - share) * len(is_first)]
    if len(before) == 0 or before[-1] == 0:
        raise UserError(
            f"a data set of {len(begins)} episodes cannot keep {share:.0%} of its rows out of training; "
            "collect more rows"
        )
    return int(before[-1])


def sample_held_out(
    paths: Sequence[Path], names: Sequence[str], holdout: float, rows: int
) -> dict[str, npt.NDArray[Any]]:
    """Observations (≤ `rows`, …) of these names, spread evenly over the held-out rows of all stores, in their order.

    Raises:
        UserError: a store is missing, incomplete or damaged, or too small to be split.
    """
    stores = [open_episodes(path) for path in paths]
    splits = [held_out_from(stored.load("is_first"), holdout) for stored in stores]
    held_out = sum(stored.rows - split for stored, split in zip(stores, splits))
    chosen = np.unique(np.linspace(0, held_out - 1, min(rows, held_out)).round().astype(np.int64))
    found: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    before = 0
    for stored, split in zip(stores, splits):
        own = chosen[(chosen >= before) & (chosen < before + stored.rows - split)] - before + split
        before += stored.rows - split
        for name in names:
            for start, chunk in stored.chunks(name, split - split % CHUNK_ROWS):
                found[name].append(chunk[own[(own >= start) & (own < start + len(chunk))] - start])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def load_observations(paths: Sequence[Path], name: str, holdout: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Training and held-out observations (N, …) of several stores, in memory.

    Raises:
        UserError: a store is missing, incomplete or damaged, or too small to be split.
    """
    stores = [open_episodes(path) for path in paths]
    splits = [held_out_from(stored.load("is_first"), holdout) for stored in stores]
    rest = [stored.rows - split for stored, split in zip(stores, splits)]
    # Filled in place: at paper scale the pictures fit into memory once.
    like = next(stores[0].chunks(name))[1]
    train, held_out = (np.empty((sum(rows), *like.shape[1:]), like.dtype) for rows in (splits, rest))
    into_train = into_held_out = 0
    for stored, split in zip(stores, splits):
        for start, rows in stored.chunks(name):
            seen = min(max(split - start, 0), len(rows))
            train[into_train : into_train + seen] = rows[:seen]
            held_out[into_held_out : into_held_out + len(rows) - seen] = rows[seen:]
            into_train += seen
            into_held_out += len(rows) - seen
    return train, held_out
