"""draw_noise: trained agents while one modality is disturbed, as a picture and in numbers."""

from gwpipe import layout
from gwpipe.evaluation.noise_table import summary
from gwpipe.figures.noise import draw_noise
from gwpipe.figures.panels import draw_panels
from gwpipe.machine import Machine
from gwpipe.settings.figure_stages import FigureStage


def run(settings: FigureStage, place: layout.Place, machine: Machine) -> None:
    """Sum up, draw, and write picture and numbers, each with its manifest."""
    pictures = (layout.NOISE_FIGURE, layout.NOISE_PDF)
    draw_panels("draw_noise", settings, place, layout.NOISE, summary, draw_noise, pictures, layout.NOISE_NUMBERS)
