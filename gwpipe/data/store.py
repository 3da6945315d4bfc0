"""Row-aligned arrays in one Zarr group: written chunk by chunk, complete or refused.

A missing chunk would silently read as zeros, and an interrupted writer would leave arrays of different lengths. So a
group is written aside, checked, marked complete with its number of rows and renamed into place; whoever opens it checks
the mark, the shapes and that each chunk's file exists, and every chunk carries a checksum.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from gwpipe.data.codecs import compressors
from gwpipe.errors import UserError

CHUNK_ROWS = 512
"""Rows of a chunk, for every array of a group."""

SCHEMA = 1


@dataclass(frozen=True)
class Field:
    """One array: the shape of a row and its type."""

    shape: tuple[int, ...]
    dtype: str


class RowWriter:
    """Appends rows to a group under `path`, in whole chunks.

    Args:
        path: folder of the unfinished group; one that exists is continued if `committed` is above 0, else begun anew.
        fields: name → array.
        committed: rows known to be on disk, a multiple of `CHUNK_ROWS`; whatever lies behind them is cut off.
    """

    def __init__(self, path: Path, fields: Mapping[str, Field], committed: int = 0) -> None:
        self.path, self.fields, self.committed = path, dict(fields), committed
        self._waiting: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in fields}
        self._rows_waiting = 0
        if not committed:
            shutil.rmtree(path, ignore_errors=True)
            self._group = zarr.open_group(path, mode="w", zarr_format=3)
            for name, field in fields.items():
                self._group.create_array(
                    name,
                    shape=(0, *field.shape),
                    chunks=(CHUNK_ROWS, *field.shape),
                    dtype=field.dtype,
                    compressors=compressors(),
                    fill_value=0,
                )
        else:
            self._group = zarr.open_group(path, mode="r+")
        # A chunk of nothing but zeros is written too, or it could not be told from a lost one.
        with zarr.config.set({"array.write_empty_chunks": True}):
            self._arrays = {name: _array(self._group, name) for name in fields}
        for array in self._arrays.values():
            _resize(array, committed)

    def append(self, rows: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Add rows, (n, …) for every field; True if at least one chunk went to disk."""
        (count,) = {len(rows[name]) for name in self.fields}
        for name in self.fields:
            self._waiting[name].append(np.asarray(rows[name], dtype=self.fields[name].dtype))
        self._rows_waiting += count
        whole = self._rows_waiting // CHUNK_ROWS * CHUNK_ROWS
        if whole:
            self._write(whole)
        return bool(whole)

    def finish(self, attributes: Mapping[str, Any]) -> int:
        """Write what waits, mark the group complete with `attributes` (JSON data) and return its number of rows."""
        if self._rows_waiting:
            self._write(self._rows_waiting)
        self._group.attrs.update({**attributes, **self._mark()})
        return self.committed

    def _mark(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "rows": self.committed, "arrays": sorted(self.fields), "complete": True}

    def _write(self, count: int) -> None:
        for name, array in self._arrays.items():
            joined = np.concatenate(self._waiting[name])
            _resize(array, self.committed + count)
            array[self.committed :] = joined[:count]
            self._waiting[name] = [joined[count:]]
        self.committed += count
        self._rows_waiting -= count


class Rows:
    """A complete group, open for reading. Open it anew in each process: Zarr does not survive a fork.

    Args:
        path: folder of the group.
        remedy: command that makes it anew, named in every error.

    Raises:
        UserError: missing, incomplete, arrays of another shape, or a chunk that is not there.
    """

    def __init__(self, path: Path, remedy: str) -> None:
        self.path, self.remedy = path, remedy
        if not path.is_dir():
            raise UserError(f"data set {path} does not exist; make it with {remedy}")
        try:
            group = zarr.open_group(path, mode="r")
            self.attributes: dict[str, Any] = dict(group.attrs)
            # Asked for by name: listing the folder would warn of files that other tools leave in it.
            named = [name for name in sorted(self.attributes.get("arrays", [])) if name in group]
            self.arrays = {name: _array(group, name) for name in named}
        except Exception as fault:  # Zarr raises whatever its parsers raise
            raise self._fault(f"cannot be opened ({fault})") from fault
        if self.attributes.get("complete") is not True:
            raise self._fault("is incomplete: its writer was interrupted")
        if self.attributes.get("schema") != SCHEMA:
            raise self._fault(f"has schema {self.attributes.get('schema')}, not {SCHEMA}")
        if missing := set(self.attributes["arrays"]) - set(self.arrays):
            raise self._fault(f"lacks the array '{min(missing)}'")
        self.rows = int(self.attributes["rows"])
        for name, array in self.arrays.items():
            if array.shape[0] != self.rows or array.chunks != (CHUNK_ROWS, *array.shape[1:]):
                raise self._fault(f"array '{name}' has shape {array.shape}, chunks {array.chunks} for {self.rows} rows")
            for chunk in range(-(-self.rows // CHUNK_ROWS)):
                if not self._chunk_file(name, chunk).is_file():
                    raise self._fault(f"array '{name}' lacks chunk {chunk} ({self._chunk_file(name, chunk).name})")

    def load(self, name: str) -> npt.NDArray[Any]:
        """A whole array, (rows, …), in memory.

        Raises:
            UserError: there is no such array, or a chunk is damaged.
        """
        if name not in self.arrays:
            raise self._fault(f"has no array '{name}'; it has {', '.join(self.arrays)}")
        array = self.arrays[name]
        whole = np.empty(array.shape, array.dtype)
        for start, rows in self.chunks(name):
            whole[start : start + len(rows)] = rows
        return whole

    def chunks(self, name: str, first: int = 0) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """First row and rows of each chunk of an array, in order, from the chunk that begins at row `first` on.

        For passes that need not hold it all.
        """
        for start in range(first, self.rows, CHUNK_ROWS):
            try:
                rows: npt.NDArray[Any] = np.asarray(self.arrays[name][start : start + CHUNK_ROWS])
            except Exception as fault:  # a codec's own exception: checksum, zstd, length
                raise self._fault(f"array '{name}', chunk {start // CHUNK_ROWS} is damaged ({fault})") from fault
            yield start, rows

    def _chunk_file(self, name: str, chunk: int) -> Path:
        return self.path / name / "c" / "/".join([str(chunk), *["0"] * (self.arrays[name].ndim - 1)])

    def _fault(self, what: str) -> UserError:
        return UserError(f"data set {self.path} {what}; delete it and make it again with {self.remedy}")


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group[name]
    assert isinstance(array, zarr.Array)
    # By default a chunk of zeros has no file, and could not be told from one that is missing.
    return array.with_config({"write_empty_chunks": True})


def _resize(array: zarr.Array[Any], rows: int) -> None:
    if array.shape[0] != rows:
        array.resize((rows, *array.shape[1:]))
