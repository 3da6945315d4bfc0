"""figure7: success counts on tasks whose expert data the shared representation has seen."""

from gwpipe import layout
from gwpipe.figures.task_panels import draw_tasks
from gwpipe.machine import Machine
from gwpipe.settings.task_sets import SuccessFigureStage


def run(settings: SuccessFigureStage, place: layout.Place, machine: Machine) -> None:
    """Average, draw, and write picture and numbers, each with its manifest."""
    draw_tasks("figure7", settings, place, (layout.FIGURE7, layout.FIGURE7_PDF), layout.FIGURE7_NUMBERS)
