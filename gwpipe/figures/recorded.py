"""Figures of recorded runs: the tables of a finished run that were kept, drawn as the stages draw the run's own."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import ValidationError

from gwpipe import layout
from gwpipe.errors import UserError
from gwpipe.evaluation import ablation_table, curves, noise_table, transfer_table
from gwpipe.evaluation.criterion import Criterion
from gwpipe.figures.figure5 import Panel, average, draw_figure5
from gwpipe.figures.figure6 import draw_figure6
from gwpipe.figures.methods import origin
from gwpipe.figures.noise import draw_noise
from gwpipe.figures.transfer import draw_transfer
from gwpipe.settings.mistakes import explain
from gwpipe.settings.record_stages import TABLES, RecordedFigure, RunRecord

_OF_EPISODES = {
    "figure6": (ablation_table, draw_figure6),
    "noise": (noise_table, draw_noise),
    "transfer": (transfer_table, draw_transfer),
}


class Drawn(NamedTuple):
    """A figure, the numbers that it shows, and the files that they come from."""

    figure: Figure
    numbers: pd.DataFrame
    inputs: list[Path]


def read_record(folder: Path) -> RunRecord:
    """What the record in `folder` says of itself.

    Raises:
        UserError: there is none, or it is damaged.
    """
    path = folder / Path(layout.RECORD_INDEX).name
    try:
        return RunRecord.model_validate_json(path.read_text())
    except OSError as fault:
        raise UserError(f"no record of runs at {path} ({fault.strerror}); name a folder that has one") from None
    except ValidationError as fault:
        raise UserError(f"{path}: {explain(fault, RunRecord)}; record the run anew") from None


def draw_recorded(folder: Path, figure: RecordedFigure) -> Drawn:
    """`figure` from the tables in `folder`.

    Raises:
        UserError: a table is missing or damaged, or the curves are of other runs than the criterion.
    """
    record = read_record(folder)
    inputs = [folder / Path(layout.RECORD_INDEX).name]
    found: list[tuple[Criterion, Path]] = []
    said = origin(record.scale, record.panels)
    for panel in record.panels:
        criterion, table = (folder / panel.env / name for name in ("criterion.json", TABLES[figure]))
        try:
            found.append((Criterion.from_json(json.loads(criterion.read_text())), table))
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise UserError(f"{criterion} cannot be read ({fault}); record the run anew") from None
        inputs += [criterion, table]
    if figure == "figure5":
        panels = [
            Panel(_curves(table, criterion), criterion, panel.episode_decisions)
            for (criterion, table), panel in zip(found, record.panels)
        ]
        numbers = [average(panel, record.scale) for panel in panels]
        return Drawn(draw_figure5(panels, joined := _joined(numbers), said), joined, inputs)
    kind, draw = _OF_EPISODES[figure]
    summaries = [kind.summary(_episodes(table, kind.COLUMNS), criterion) for criterion, table in found]
    return Drawn(draw(summaries, said), _joined(summaries), inputs)


def _joined(numbers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(numbers, ignore_index=True)


def _curves(table: Path, criterion: Criterion) -> pd.DataFrame:
    found = curves.read(table)
    drawn = set(found[["method", "seed"]].itertuples(index=False, name=None))
    if drawn != {(name, run.seed) for name, method in criterion.methods.items() for run in method.runs}:
        raise UserError(f"{table} has other runs than the criterion.json beside it; record the run anew")
    return found


def _episodes(table: Path, columns: Iterable[str]) -> pd.DataFrame:
    try:
        found = pd.read_csv(table)
    except (OSError, ValueError) as fault:
        raise UserError(f"{table} cannot be read ({fault}); has this figure been recorded?") from None
    if list(found.columns) != list(columns) or found.empty or found["return"].dtype.kind not in "if":
        raise UserError(f"{table} is damaged: not one row an episode, {', '.join(columns)}; record the run anew")
    if not np.isfinite(found["return"]).all():
        raise UserError(f"{table}: a return is not a finite number; record the run anew")
    return found
