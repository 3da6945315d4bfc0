"""Figures go to disk whole or not at all, and the same figure gives the same bytes."""

from pathlib import Path

from matplotlib.figure import Figure

from gwpipe.artefact import staging


def save_figure(figure: Figure, path: Path) -> None:
    """Write `figure` in the format that the suffix names (png or pdf), without a date."""
    kind = path.suffix.removeprefix(".")
    undated = {"CreationDate": None} if kind == "pdf" else {"Software": None}
    with staging(path) as partial:
        figure.savefig(partial, format=kind, dpi=200, metadata=undated)
