"""The replay buffer: rings of rows of the time table (see `timing`), one for each environment that acts.

What stands for the observation is the agent's choice, so that no VAE is ever run on replayed data: on a frozen
representation the fused z of each row, where a workspace is trained along the unimodal latents u, and for agents that
see observations themselves those.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gwpipe.errors import UserError

FLAGS = ("is_first", "is_last", "is_terminal")


class Replay:
    """`streams` rings of `capacity` rows in all; the oldest of a ring are overwritten.

    Args:
        capacity: rows of all rings together; rounded down to a multiple of `streams`.
        columns: column → width of its vectors (float32), or a row of the shape and type that it has. The columns
            `reward` (float32) and the flags (bool) are scalars and always there.
    """

    def __init__(
        self, capacity: int, columns: Mapping[str, int | Tensor], device: str | torch.device = "cpu", streams: int = 1
    ) -> None:
        self._ring = capacity // streams
        self.capacity = capacity = self._ring * streams
        self._sizes, self._next = [0] * streams, [0] * streams
        self._unseen = [0] * streams
        """Rows of a ring since the latest chunk that was drawn because it was new."""
        rows = {name: torch.zeros(row) if isinstance(row, int) else row for name, row in columns.items()}
        self._columns = {
            name: torch.zeros(capacity, *row.shape, dtype=row.dtype, device=device) for name, row in rows.items()
        }
        self._columns["reward"] = torch.zeros(capacity, device=device)
        self._columns |= {name: torch.zeros(capacity, dtype=torch.bool, device=device) for name in FLAGS}

    @property
    def columns(self) -> list[str]:
        """Names of all columns."""
        return list(self._columns)

    @property
    def size(self) -> int:
        """Rows in all rings."""
        return sum(self._sizes)

    def has(self, rows: int) -> bool:
        """Is there a chunk of so many rows?"""
        return max(self._sizes) >= rows

    def add(self, row: dict[str, Tensor | float | bool], stream: int = 0) -> None:
        """Append one row to a ring; it must name exactly the buffer's columns."""
        if row.keys() != self._columns.keys():
            raise KeyError(f"replay row has columns {sorted(row)}, the buffer {sorted(self._columns)}")
        for name, value in row.items():
            self._columns[name][stream * self._ring + self._next[stream]] = value
        self._next[stream] = (self._next[stream] + 1) % self._ring
        self._sizes[stream] = min(self._sizes[stream] + 1, self._ring)
        self._unseen[stream] = min(self._unseen[stream] + 1, self._ring)

    def sample(
        self, batch: int, rows: int, generator: torch.Generator, newest_first: bool = False
    ) -> dict[str, Tensor]:
        """`batch` chunks of `rows` consecutive rows, drawn uniformly; a chunk may cross from episode to episode.

        Args:
            newest_first: let the first chunk be the next one that has not been drawn so yet, as soon as it is whole
                (DreamerV3's online queue: everything is learnt from soon after it happened); of several rings, the one
                with the most such rows.

        Returns:
            column → (batch, rows, width) or (batch, rows), and `at` (batch, rows), the rows' places in the buffer.
        """
        if not self.has(rows):
            raise ValueError(f"replay holds {max(self._sizes)} rows in a row, a chunk needs {rows}")
        ends = torch.tensor([max(size - rows + 1, 0) for size in self._sizes]).cumsum(0)
        drawn = torch.randint(int(ends[-1]), (batch, 1), generator=generator)
        ring = torch.searchsorted(ends, drawn, right=True)
        starts = drawn - torch.cat([ends.new_zeros(1), ends])[ring]
        if newest_first and (unseen := max(self._unseen)) >= rows:
            ring[0] = latest = self._unseen.index(unseen)
            starts[0] = self._sizes[latest] - unseen
            self._unseen[latest] -= rows
        oldest = torch.tensor([first if size == self._ring else 0 for first, size in zip(self._next, self._sizes)])
        at = ring * self._ring + (oldest[ring] + starts + torch.arange(rows)) % self._ring
        at = at.to(self._columns["reward"].device)
        chunk = {name: column[at] for name, column in self._columns.items()}
        return chunk | {"at": at}

    def rewrite(self, column: str, at: Tensor, values: Tensor) -> None:
        """Replace a column's rows (n, ...) at places `at` (n,) given by `sample`; of a place named twice, by the last.

        Overlapping chunks name places twice, and which row an assignment keeps then is left open where it is done by
        several threads.
        """
        order = torch.argsort(at, stable=True)
        places = at[order]
        latest = torch.ones_like(places, dtype=torch.bool)
        latest[:-1] = places[1:] != places[:-1]
        chosen = order[latest]
        self._columns[column][at[chosen]] = values[chosen]

    def state(self) -> dict[str, Any]:
        """The filled rows and where the next one goes."""
        at = self._filled(self._sizes)
        return {
            "sizes": list(self._sizes),
            "next": list(self._next),
            "unseen": list(self._unseen),
            "capacity": self.capacity,
            "columns": {name: column[at] for name, column in self._columns.items()},
        }

    def _filled(self, sizes: Sequence[int]) -> Tensor:
        """Places of the rows that rings of such sizes have."""
        places = [ring * self._ring + torch.arange(size) for ring, size in enumerate(sizes)]
        return torch.cat(places).to(self._columns["reward"].device)

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`.

        Raises:
            UserError: the state was saved by a buffer of another capacity or with other columns.
        """
        own = self.capacity, len(self._sizes), self._columns.keys()
        if (state["capacity"], len(state["sizes"]), state["columns"].keys()) != own:
            raise UserError("the checkpoint's replay buffer has another size or other columns; delete it to train anew")
        self._sizes, self._next, self._unseen = (list(state[name]) for name in ("sizes", "next", "unseen"))
        at = self._filled(self._sizes)
        for name, column in state["columns"].items():
            self._columns[name][at] = column.to(at.device)


class Pending:
    """The rows that `act` has decided on, one for each of n environments, until `observe` stores them."""

    def __init__(self, n: int) -> None:
        self._columns: dict[str, Tensor] = {}
        self._waits = np.zeros(n, dtype=bool)

    def hold(self, columns: dict[str, Tensor]) -> None:
        """Keep columns (n, ...) of what all environments showed and did."""
        self._columns = columns
        self._waits[:] = True

    def take(self, environment: int) -> dict[str, Tensor]:
        """That environment's row, column → (...), once.

        Raises:
            RuntimeError: `act` has not seen its observation.
        """
        if not self._waits[environment]:
            raise RuntimeError("observe() of a row that is not an episode's last needs act() on its observation first")
        self._waits[environment] = False
        return {name: column[environment] for name, column in self._columns.items()}
