"""figure8: success counts on tasks that the shared representation has never seen."""

from gwpipe import layout
from gwpipe.figures.task_panels import draw_tasks
from gwpipe.machine import Machine
from gwpipe.settings.task_sets import SuccessFigureStage


def run(settings: SuccessFigureStage, place: layout.Place, machine: Machine) -> None:
    """Average, draw, and write picture and numbers, each with its manifest."""
    draw_tasks("figure8", settings, place, (layout.FIGURE8, layout.FIGURE8_PDF), layout.FIGURE8_NUMBERS)
