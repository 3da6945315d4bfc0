"""Settings of the stage that draws figures of recorded runs, and what a record of runs says of itself."""

from typing import Literal, get_args

from pydantic import Field

from gwpipe.errors import UserError, nearest
from gwpipe.settings.config import Config
from gwpipe.settings.figure_stages import PanelSettings
from gwpipe.settings.model import Scale, Settings

RecordedFigure = Literal["figure5", "figure6", "noise", "transfer"]
TABLES: dict[RecordedFigure, str] = {
    "figure5": "curves.csv",
    "figure6": "ablation.csv",
    "noise": "noise.csv",
    "transfer": "transfer.csv",
}
"""Figure → the table of each environment that it is drawn from; beside it lies `criterion.json`."""


class RedrawStage(Settings):
    record: Scale
    figure: RecordedFigure


class Training(Settings):
    """Where a recorded curve comes from; from the manifest of the trained agent."""

    env: str
    method: str
    seed: int
    updates: int
    code_version: str
    machine: str
    wall_seconds: float
    cpu_seconds: float


class RunRecord(Settings):
    """`record.json`: what the tables beside it are of."""

    scale: Scale
    panels: list[PanelSettings] = Field(min_length=1)
    trainings: list[Training]


def redraw(config: Config, record: str, figure: str) -> RedrawStage:
    figures = get_args(RecordedFigure)
    if figure not in figures:
        raise UserError(f"figure '{figure}' is not drawn from records{nearest(figure, figures)}")
    return RedrawStage(record=record, figure=figure)  # type: ignore[arg-type]
