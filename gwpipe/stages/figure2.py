"""figure2: incongruent images and attributes, decoded at three fusion weights, as a picture and in numbers."""

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.figures.figure2 import draw_figure2
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.study_stages import Figure2Stage
from gwpipe.studies.incongruent import COLUMNS, decode_pairs, incongruent_pairs, number_rows, shown_pairs, shown_rows
from gwpipe.studies.routes import PICTURE, VECTOR
from gwpipe.studies.tidy import tidy_frame, write_table
from gwpipe.studies.trained import load_trained

ENV, KIND = "simple_shapes", "gw"


def run(settings: Figure2Stage, place: layout.Place, machine: Machine) -> None:
    """Decode, draw, and write picture and numbers, each with its manifest."""
    machine.prepare()
    vaes = {name: place.path(layout.VAE, env=ENV, domain=name) for name in (PICTURE, VECTOR)}
    workspaces = {KIND: place.path(layout.WORKSPACE, env=ENV, kind=KIND)}
    reader = place.path(layout.READER)
    inputs = [*vaes.values(), *workspaces.values(), reader]
    modules = domains.modules(settings.domains.values())
    record = Record("figure2", place.scale, settings.model_dump(mode="json"), inputs, modules)
    trained = load_trained(vaes, workspaces, reader)
    shown = shown_pairs(settings.shown, settings.quality_seed)
    pairs = incongruent_pairs(settings.pairs, settings.quality_seed)
    decoded = decode_pairs(shown, trained, KIND)
    rows = number_rows(pairs, decode_pairs(pairs, trained, KIND), trained) + shown_rows(shown, decoded)
    rows = [{**row, "kind": KIND} for row in rows]
    numbers = place.path(layout.FIGURE2_NUMBERS)
    with staging(numbers) as partial:
        write_table(tidy_frame(rows, COLUMNS, env=ENV, scale=settings.scale, seed=settings.seed), partial)
    figure = draw_figure2(shown, decoded, settings.scale, settings.seed)
    pictures = [place.path(layout.FIGURE2), place.path(layout.FIGURE2_PDF)]
    save_figure(figure, *pictures)
    for path in (*pictures, numbers):
        record.write(path)
