"""figure6: trained agents that lose a modality, as a picture and in numbers."""

from gwpipe import layout
from gwpipe.evaluation.ablation_table import summary
from gwpipe.figures.figure6 import draw_figure6
from gwpipe.figures.panels import draw_panels
from gwpipe.machine import Machine
from gwpipe.settings.figure_stages import FigureStage


def run(settings: FigureStage, place: layout.Place, machine: Machine) -> None:
    """Sum up, draw, and write picture and numbers, each with its manifest."""
    pictures = (layout.FIGURE6, layout.FIGURE6_PDF)
    draw_panels("figure6", settings, place, layout.ABLATION, summary, draw_figure6, pictures, layout.FIGURE6_NUMBERS)
