"""Figures go to disk whole or not at all, and the same figure gives the same bytes."""

from pathlib import Path

from matplotlib.figure import Figure

from gwpipe.artefact import staging


def save_figure(figure: Figure, *paths: Path) -> None:
    """Write `figure` to each path in the format that its suffix names (png or pdf), without a date."""
    for path in paths:
        kind = path.suffix.removeprefix(".")
        undated = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        with staging(path) as partial:
            figure.savefig(partial, format=kind, dpi=200, metadata=undated)
