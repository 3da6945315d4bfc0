"""out_of_distribution: translations of shapes in a hole of the training data, as CSV and picture."""

import shutil
from pathlib import Path

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.data.episodes import load_observations
from gwpipe.data.holes import draw_hole, in_hole
from gwpipe.data.latents import cache_paths, load_latents
from gwpipe.domains.catalogue import load_domain
from gwpipe.domains.fit import Run
from gwpipe.figures.out_of_distribution import draw_out_of_distribution
from gwpipe.figures.saving import save_figure
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.study_stages import OutOfDistributionStage
from gwpipe.studies.out_of_distribution import ALL, COLUMNS, WITHOUT, hole_rows, shapes_by_place
from gwpipe.studies.reader import load_reader
from gwpipe.studies.routes import PICTURE, VECTOR
from gwpipe.studies.tidy import Row, tidy_frame, write_table
from gwpipe.studies.trained import Trained
from gwpipe.workspace.groups import Latents
from gwpipe.workspace.training import make_workspace, train_workspace
from gwpipe.workspace.workspace import Workspace, load_workspace, save_workspace

ENV = "simple_shapes"


def run(settings: OutOfDistributionStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training) two workspaces a seed, measure, draw; table and pictures, each with its manifest."""
    machine.prepare()
    vaes = {name: place.path(layout.VAE, env=ENV, domain=name) for name in (PICTURE, VECTOR)}
    latents = cache_paths(place, ENV, (PICTURE, VECTOR), settings.data)
    data = [place.path(layout.DATA, env=ENV, **name.model_dump()) for name in settings.data]
    reader = place.path(layout.READER)
    inputs = [*vaes.values(), *(path for paths in latents.values() for path in paths), *data, reader]
    modules = domains.modules(settings.domains.values())
    record = Record(
        "out_of_distribution", place.scale, settings.model_dump(mode="json"), inputs, modules, machine.device
    )
    table = place.path(layout.OUT_OF_DISTRIBUTION)
    scratch = record.scratch(table)
    used_data = [record.input_hash(path) for path in data]
    used_vaes = {name: record.input_hash(path) for name, path in vaes.items()}
    train, held_out, _ = load_latents(latents, settings.holdout, used_data, used_vaes)
    attributes, _ = load_observations(data, "attributes", settings.holdout)
    eyes = {name: load_domain(path) for name, path in vaes.items()}, load_reader(reader)
    rows: list[Row] = []
    for seed in settings.seeds:
        hole = draw_hole(seed, settings.share)
        outside = ~in_hole(attributes, hole)
        samples: dict[str, Latents] = {ALL: train, WITHOUT: {name: u[outside] for name, u in train.items()}}
        workspaces = {
            which: _trained(sample, held_out, settings, seed, which, scratch, record.identity, machine)
            for which, sample in samples.items()
        }
        shapes = shapes_by_place(hole, settings.rows, "out of distribution", settings.quality_seed, seed)
        counts = {ALL: len(outside), WITHOUT: int(outside.sum())}
        rows += hole_rows(hole, seed, shapes, Trained(eyes[0], workspaces, eyes[1]), counts)
    frame = tidy_frame(rows, COLUMNS, env=ENV, scale=settings.scale, seed=settings.representation_seed)
    with staging(table) as partial:
        write_table(frame, partial)
    figure = draw_out_of_distribution(frame)
    pictures = [place.path(layout.OUT_OF_DISTRIBUTION_FIGURE), place.path(layout.OUT_OF_DISTRIBUTION_PDF)]
    save_figure(figure, *pictures)
    for path in (table, *pictures):
        record.write(path)
    shutil.rmtree(scratch.parent, ignore_errors=True)


def _trained(
    train: Latents,
    held_out: Latents,
    settings: OutOfDistributionStage,
    seed: int,
    which: str,
    scratch: Path,
    identity: str,
    machine: Machine,
) -> Workspace:
    """One workspace of the study; what an interrupted run has finished is taken from `scratch`."""
    finished = scratch / f"seed{seed}_{which}.safetensors"
    if not finished.exists():
        workspace = make_workspace({name: u.shape[1] for name, u in train.items()}, settings.workspace, seed)
        label = f"out_of_distribution seed {seed} {which}"
        checkpoint = scratch / f"seed{seed}_{which}_checkpoint.safetensors"
        training = Run(seed, label, checkpoint, identity, machine.checkpoint_seconds, machine.device)
        train_workspace(workspace, train, held_out, settings.losses, settings.workspace, training)
        save_workspace(finished, workspace, "gw")
    return load_workspace(finished)[0]
