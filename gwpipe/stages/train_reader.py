"""train_reader: the independent reader that finds attributes of Simple Shapes in pixels."""

import shutil

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.domains.fit import Run
from gwpipe.machine import Machine
from gwpipe.settings.study_stages import TrainReaderStage
from gwpipe.studies.reader import make_reader, save_reader, train_reader


def run(settings: TrainReaderStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training) and write weights with their manifest, which states the reader's own error."""
    machine.prepare()
    target = place.path(layout.READER)
    record = Record("train_reader", place.scale, settings.model_dump(mode="json"), [], device=machine.device)
    scratch = record.scratch(target)
    reader = make_reader(settings.reader, settings.seed)
    checkpoint = scratch / "checkpoint.safetensors"
    training = Run(
        settings.seed, "train_reader", checkpoint, record.identity, machine.checkpoint_seconds, machine.device
    )
    measured = train_reader(reader, settings.reader, training)
    save_reader(target, reader)
    record.write(target, updates=settings.reader.optimisation.steps, **measured)
    shutil.rmtree(scratch.parent, ignore_errors=True)
