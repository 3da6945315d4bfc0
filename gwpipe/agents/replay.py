"""The replay buffer: a ring of rows of the time table (see `timing`), without any observation.

It keeps the unimodal latents u of each row, so that no VAE is ever run on replayed data, and beside them the fused z
where the representation is frozen.
"""

from typing import Any

import torch
from torch import Tensor

from gwpipe.errors import UserError

FLAGS = ("is_first", "is_last", "is_terminal")


class Replay:
    """A ring of `capacity` rows; the oldest are overwritten.

    Args:
        widths: column → width of its vectors (float32): `action`, `u/<domain>` and, if kept, `z`. The columns
            `reward` (float32) and the flags (bool) are scalars and always there.
    """

    def __init__(self, capacity: int, widths: dict[str, int], device: str | torch.device = "cpu") -> None:
        self.capacity, self.size, self._next = capacity, 0, 0
        self._columns = {name: torch.zeros(capacity, width, device=device) for name, width in widths.items()}
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

    def sample(self, batch: int, rows: int, generator: torch.Generator) -> dict[str, Tensor]:
        """`batch` chunks of `rows` consecutive rows, drawn uniformly; a chunk may cross from episode to episode.

        Returns:
            column → (batch, rows, width) or (batch, rows), and `at` (batch, rows), the rows' places in the ring.
        """
        if self.size < rows:
            raise ValueError(f"replay holds {self.size} rows, a chunk needs {rows}")
        device = self._columns["reward"].device
        starts = torch.randint(self.size - rows + 1, (batch, 1), generator=generator).to(device)
        oldest = self._next if self.size == self.capacity else 0
        at = (oldest + starts + torch.arange(rows, device=device)) % self.capacity
        chunk = {name: column[at] for name, column in self._columns.items()}
        return chunk | {"at": at}

    def rewrite(self, column: str, at: Tensor, values: Tensor) -> None:
        """Replace a column's vectors (n, width) at places `at` (n,) given by `sample`."""
        self._columns[column][at] = values

    def state(self) -> dict[str, Any]:
        """The filled rows and where the next one goes."""
        filled = {name: column[: self.size].clone() for name, column in self._columns.items()}
        return {"size": self.size, "next": self._next, "capacity": self.capacity, "columns": filled}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`.

        Raises:
            UserError: the state was saved by a buffer of another capacity or with other columns.
        """
        if state["capacity"] != self.capacity or state["columns"].keys() != self._columns.keys():
            raise UserError("the checkpoint's replay buffer has another size or other columns; delete it to train anew")
        self.size, self._next = state["size"], state["next"]
        for name, column in state["columns"].items():
            self._columns[name][: self.size] = column
