"""Figures go to disk whole or not at all, and the same figure gives the same bytes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from gwpipe.artefact import Record, staging


def save_with_numbers(
    record: Record, figure: Figure, pictures: Sequence[Path], numbers: pd.DataFrame, table: Path
) -> None:
    """Write `figure` to each of `pictures` and what it shows to `table`, each with its manifest."""
    with staging(table) as partial:
        numbers.to_csv(partial, index=False)
    save_figure(figure, *pictures)
    for path in (*pictures, table):
        record.write(path)


def save_figure(figure: Figure, *paths: Path) -> None:
    """Write `figure` to each path in the format that its suffix names (png or pdf), without a date."""
    for path in paths:
        kind = path.suffix.removeprefix(".")
        undated = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        with staging(path) as partial:
            figure.savefig(partial, format=kind, dpi=200, metadata=undated)
