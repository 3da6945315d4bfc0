"""figure4: what both environments show, with their goals and actions, as a picture."""

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.figures.examples import desk_examples, shape_examples
from gwpipe.figures.figure4 import draw_figure4
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings import experts
from gwpipe.settings.environments import SimpleShapesSettings
from gwpipe.settings.figure_stages import Figure4Stage


def run(settings: Figure4Stage, place: layout.Place, machine: Machine) -> None:
    """Act, draw, and write both formats, each with its manifest."""
    modules = [f"gwpipe.envs.{panel.env}" for panel in settings.panels]
    for panel in settings.panels:
        modules += experts.modules(panel.task, "expert") if panel.task in experts.EXPERTS else []
    record = Record("figure4", place.scale, settings.model_dump(mode="json"), [], modules)
    rows, notes = [], [f"seed {settings.seed}"]
    for panel in settings.panels:
        if isinstance(panel.environment, SimpleShapesSettings):
            rows.append(shape_examples(panel.environment, panel.task, settings.seed))
        else:
            rows.append(desk_examples(panel.environment, panel.task, settings.seed))
            notes.append(f"RoboDesk drawn at fidelity {panel.environment.fidelity}")
    note = "Below each picture: the attribute vector, blue −1, grey 0, red 1. Dashed: the goal. "
    figure = draw_figure4(rows, note + ", ".join(notes).capitalize() + ".")
    pictures = [place.path(layout.FIGURE4), place.path(layout.FIGURE4_PDF)]
    save_figure(figure, *pictures)
    for path in pictures:
        record.write(path)
