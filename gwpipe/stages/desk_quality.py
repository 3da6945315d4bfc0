"""desk_quality: RoboDesk's reconstructions and translations, in metres and radians and as a picture."""

import numpy as np

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.data.episodes import sample_held_out
from gwpipe.figures.desk_translations import draw_desk_translations
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.study_stages import DeskQualityStage
from gwpipe.studies.desk_errors import COLUMNS, desk_markdown, desk_rows
from gwpipe.studies.routes import PICTURE, VECTOR
from gwpipe.studies.tidy import tidy_frame, write_table
from gwpipe.studies.trained import load_modules

ENV = "robodesk"


def run(settings: DeskQualityStage, place: layout.Place, machine: Machine) -> None:
    """Measure and draw, and write table, page and picture, each with its manifest."""
    machine.prepare()
    vaes = {name: place.path(layout.VAE, env=ENV, domain=name) for name in (PICTURE, VECTOR)}
    workspace = place.path(layout.WORKSPACE, env=ENV, kind="gw")
    data = [place.path(layout.DATA, env=ENV, **name.model_dump()) for name in settings.data]
    modules = [f"gwpipe.envs.{ENV}", *domains.modules(settings.domains.values())]
    dump = settings.model_dump(mode="json")
    record = Record("desk_quality", place.scale, dump, [*vaes.values(), workspace, *data], modules)
    trained = load_modules(vaes, {"gw": workspace})
    names = [domain.observation for domain in trained.domains.values()]
    observations = sample_held_out(data, names, settings.holdout, settings.rows)
    frame = tidy_frame(desk_rows(observations, trained), COLUMNS, env=ENV, scale=settings.scale, seed=settings.seed)
    count = len(observations[names[0]])
    shown = np.linspace(0, count - 1, min(settings.shown, count)).round().astype(int)
    picture = draw_desk_translations({name: rows[shown] for name, rows in observations.items()}, trained)
    outputs = [
        place.path(pattern) for pattern in (layout.DESK_QUALITY, layout.DESK_QUALITY_MARKDOWN, layout.DESK_TRANSLATIONS)
    ]
    with staging(outputs[0]) as partial:
        write_table(frame, partial)
    with staging(outputs[1]) as partial:
        partial.write_text(desk_markdown(frame))
    with staging(outputs[2]) as partial:
        picture.save(partial, format="PNG")
    for path in outputs:
        record.write(path)
