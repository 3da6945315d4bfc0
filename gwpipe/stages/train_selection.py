"""train_selection: a rule that chooses fusion weights, trained on a frozen workspace whose inputs fail."""

import shutil

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.data.latents import cache_paths, load_latents
from gwpipe.domains.fit import Run
from gwpipe.machine import Machine
from gwpipe.settings.study_stages import TrainSelectionStage
from gwpipe.workspace.selection.registry import make_selection, save_selection
from gwpipe.workspace.selection_training import train_selection
from gwpipe.workspace.workspace import load_workspace


def run(settings: TrainSelectionStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training) and write weights with their manifest."""
    machine.prepare()
    env, rule, seed = settings.env, settings.selection.rule, settings.seed
    target = place.path(layout.SELECTION, env=env, rule=rule, seed=seed)
    workspace_path = place.path(layout.WORKSPACE, env=env, kind=settings.kind)
    latents = cache_paths(place, env, settings.domains, settings.data)
    inputs = [workspace_path, *(path for paths in latents.values() for path in paths)]
    record = Record("train_selection", place.scale, settings.model_dump(mode="json"), inputs, device=machine.device)
    scratch = record.scratch(target)
    train, _, vaes = load_latents(latents, settings.holdout)
    workspace, _ = load_workspace(workspace_path, vaes)
    selection = make_selection(settings.selection, workspace.domains, workspace.dim, seed, workspace.activation)
    label = f"train_selection {env} {rule} seed {seed}"
    checkpoint = scratch / "checkpoint.safetensors"
    training = Run(seed, label, checkpoint, record.identity, machine.checkpoint_seconds, machine.device)
    train_selection(selection, workspace, train, settings.selection, training)
    save_selection(target, selection)
    record.write(target, updates=settings.selection.optimisation.steps)
    shutil.rmtree(scratch.parent, ignore_errors=True)
