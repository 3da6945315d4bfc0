"""train_workspace: the Global Workspace (gw) or the CLIP-like model (clip) of an environment."""

import importlib
import shutil
from dataclasses import replace
from typing import Any

from gwpipe import layout, reference
from gwpipe.artefact import Record
from gwpipe.data.latents import cache_paths, load_latents
from gwpipe.data.pairing import groups_of
from gwpipe.domains.fit import Run
from gwpipe.machine import Machine
from gwpipe.settings.representation import PairingSettings
from gwpipe.settings.stages import TrainWorkspaceStage
from gwpipe.workspace.groups import AnyGroups, Latents, take
from gwpipe.workspace.training import make_workspace, train_workspace
from gwpipe.workspace.workspace import save_workspace


def run(settings: TrainWorkspaceStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training), or take from the package, and write weights with their manifest."""
    machine.prepare()
    target = place.path(layout.WORKSPACE, env=settings.env, kind=settings.kind)
    if settings.reference:
        chosen = settings.workspace
        form: dict[str, Any] = {
            "kind": settings.kind,
            "domains": settings.domains,
            "dim": chosen.dim,
            "hidden": chosen.hidden,
            "layers": chosen.layers,
        }
        # Descriptions name these since there is a choice; what they do not name is the default.
        named = {name: getattr(chosen, name) for name in ("activation", "bias", "linear_path")}
        form |= {name: value for name, value in named.items() if value != type(chosen).model_fields[name].default}
        reference.take(f"{settings.env}/workspace/{settings.kind}", form, target, settings, place)
        return
    latents = cache_paths(place, settings.env, settings.domains, settings.data)
    inputs = [path for paths in latents.values() for path in paths]
    record = Record("train_workspace", place.scale, settings.model_dump(mode="json"), inputs, device=machine.device)
    scratch = record.scratch(target)
    train, held_out, vaes = load_latents(latents, settings.holdout)
    widths = {domain: u.shape[1] for domain, u in train.items()}
    groups = paired(train, settings.workspace.pairs, settings.seed)
    workspace = make_workspace(widths, settings.workspace, settings.seed)
    label = f"train_workspace {settings.env} {settings.kind}"
    checkpoint = scratch / "checkpoint.safetensors"
    training = Run(settings.seed, label, checkpoint, record.identity, machine.checkpoint_seconds, machine.device)
    if machine.pictures_every:
        # Named, not imported: pictures change no weights, so a change of how they are drawn must not train them anew.
        drawing = importlib.import_module("gwpipe.figures.translation_grid")
        weights = {name: place.path(layout.VAE, env=settings.env, domain=name) for name in widths}
        folder = place.path(layout.TRAINING_PICTURES, env=settings.env, kind=settings.kind)
        watch = drawing.watcher(workspace, held_out, weights, vaes, machine.pictures_every, folder)
        training = replace(training, watch=watch)
    measured = train_workspace(workspace, groups, held_out, settings.losses, settings.workspace, training)
    save_workspace(target, workspace, settings.kind, vaes)
    record.write(
        target, updates=settings.workspace.optimisation.steps, rows=len(next(iter(train.values()))), **measured
    )
    shutil.rmtree(scratch.parent, ignore_errors=True)


def paired(train: Latents, pairs: int | None, seed: int) -> Latents | AnyGroups:
    """Training latents (N, latent) of which `pairs` rows show all domains together, and every row each alone.

    As they are, one group, where all rows are paired (`pairs` absent).

    Raises:
        UserError: there are fewer rows.
    """
    if pairs is None:
        return train
    amounts = {**dict.fromkeys(train, 1.0), "+".join(train): float(pairs)}
    return take(train, groups_of(len(next(iter(train.values()))), PairingSettings(amounts=amounts), seed))
