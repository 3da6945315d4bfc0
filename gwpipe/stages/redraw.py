"""redraw: a figure of recorded runs, as a picture and in numbers; nothing is trained or played for it."""

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.figures.recorded import draw_recorded
from gwpipe.figures.saving import save_with_numbers
from gwpipe.machine import Machine
from gwpipe.settings.record_stages import RedrawStage


def run(settings: RedrawStage, place: layout.Place, machine: Machine) -> None:
    """Draw, and write picture and numbers, each with its manifest.

    Raises:
        UserError: there is no such record, or it has no such figure.
    """
    which = settings.model_dump()
    figure, numbers, inputs = draw_recorded(place.path(layout.RECORD, **which), settings.figure)
    record = Record("redraw", place.scale, settings.model_dump(mode="json"), inputs)
    pictures = [place.path(pattern, **which) for pattern in (layout.REDRAWN, layout.REDRAWN_PDF)]
    save_with_numbers(record, figure, pictures, numbers, place.path(layout.REDRAWN_NUMBERS, **which))
