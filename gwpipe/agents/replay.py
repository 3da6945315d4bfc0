"""The replay buffer: a ring of rows of the time table (see `timing`).

What stands for the observation is the agent's choice. On a frozen representation it is the unimodal latents u of each
row, so that no VAE is ever run on replayed data, and the fused z beside them; for agents that see observations
themselves it is those.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gwpipe.errors import UserError

FLAGS = ("is_first", "is_last", "is_terminal")


class Replay:
    """A ring of `capacity` rows; the oldest are overwritten.

    Args:
        columns: column → width of its vectors (float32), or a row of the shape and type that it has. The columns
            `reward` (float32) and the flags (bool) are scalars and always there.
    """

    def __init__(self, capacity: int, columns: Mapping[str, int | Tensor], device: str | torch.device = "cpu") -> None:
        self.capacity, self.size, self._next = capacity, 0, 0
        self._unseen = 0
        """Rows since the latest chunk that was drawn because it was new."""
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

    def add(self, row: dict[str, Tensor | float | bool]) -> None:
        """Append one row; it must name exactly the buffer's columns."""
        if row.keys() != self._columns.keys():
            raise KeyError(f"replay row has columns {sorted(row)}, the buffer {sorted(self._columns)}")
        for name, value in row.items():
            self._columns[name][self._next] = value
        self._next = (self._next + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)
        self._unseen = min(self._unseen + 1, self.capacity)

    def sample(
        self, batch: int, rows: int, generator: torch.Generator, newest_first: bool = False
    ) -> dict[str, Tensor]:
        """`batch` chunks of `rows` consecutive rows, drawn uniformly; a chunk may cross from episode to episode.

        Args:
            newest_first: let the first chunk be the next one that has not been drawn so yet, as soon as it is whole
                (DreamerV3's online queue: everything is learnt from soon after it happened).

        Returns:
            column → (batch, rows, width) or (batch, rows), and `at` (batch, rows), the rows' places in the ring.
        """
        if self.size < rows:
            raise ValueError(f"replay holds {self.size} rows, a chunk needs {rows}")
        device = self._columns["reward"].device
        starts = torch.randint(self.size - rows + 1, (batch, 1), generator=generator).to(device)
        if newest_first and self._unseen >= rows:
            starts[0] = self.size - self._unseen
            self._unseen -= rows
        oldest = self._next if self.size == self.capacity else 0
        at = (oldest + starts + torch.arange(rows, device=device)) % self.capacity
        chunk = {name: column[at] for name, column in self._columns.items()}
        return chunk | {"at": at}

    def rewrite(self, column: str, at: Tensor, values: Tensor) -> None:
        """Replace a column's rows (n, ...) at places `at` (n,) given by `sample`."""
        self._columns[column][at] = values

    def state(self) -> dict[str, Any]:
        """The filled rows and where the next one goes."""
        filled = {name: column[: self.size].clone() for name, column in self._columns.items()}
        return {
            "size": self.size,
            "next": self._next,
            "unseen": self._unseen,
            "capacity": self.capacity,
            "columns": filled,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`.

        Raises:
            UserError: the state was saved by a buffer of another capacity or with other columns.
        """
        if state["capacity"] != self.capacity or state["columns"].keys() != self._columns.keys():
            raise UserError("the checkpoint's replay buffer has another size or other columns; delete it to train anew")
        self.size, self._next, self._unseen = state["size"], state["next"], state["unseen"]
        for name, column in state["columns"].items():
            self._columns[name][: self.size] = column
