"""Tidy tables: one row a number, columns declared with their type and meaning."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd

Row = dict[str, Any]
"""Cells by column; what is not said is empty in the table."""


class Column(NamedTuple):
    """What a column holds."""

    type: Literal["string", "Float64", "Int64", "boolean"]
    meaning: str


WHOSE = {
    "env": Column("string", "environment"),
    "scale": Column("string", "of the representation"),
    "seed": Column("Int64", "of the representation"),
}
"""Columns that say which representation a row is about; every table begins or ends with them."""


def tidy_frame(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Column], *, env: str, scale: str, seed: int
) -> pd.DataFrame:
    """The table of `rows` with exactly `columns`, `WHOSE` among them.

    Raises:
        ValueError: a row has a cell without a column.
    """
    complete = [{**row, "env": env, "scale": scale, "seed": seed} for row in rows]
    unknown = {name for row in complete for name in row} - set(columns)
    if unknown:
        raise ValueError(f"no column for {sorted(unknown)}")
    series = {
        name: pd.array([row.get(name) for row in complete], dtype=column.type) for name, column in columns.items()
    }
    return pd.DataFrame(series)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with full precision; absent cells stay empty."""
    frame.to_csv(path, index=False)
