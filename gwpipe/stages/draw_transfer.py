"""draw_transfer: policies that act on a modality that they were not trained on, as a picture and in numbers."""

from gwpipe import layout
from gwpipe.evaluation.transfer_table import summary
from gwpipe.figures.panels import draw_panels
from gwpipe.figures.transfer import draw_transfer
from gwpipe.machine import Machine
from gwpipe.settings.figure_stages import FigureStage


def run(settings: FigureStage, place: layout.Place, machine: Machine) -> None:
    """Sum up, draw, and write picture and numbers, each with its manifest."""
    pictures = (layout.TRANSFER_FIGURE, layout.TRANSFER_PDF)
    draw_panels(
        "draw_transfer", settings, place, layout.TRANSFER, summary, draw_transfer, pictures, layout.TRANSFER_NUMBERS
    )
