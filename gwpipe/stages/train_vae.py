"""train_vae: the β-VAE of one domain of an environment."""

import shutil

from gwpipe import layout, reference
from gwpipe.artefact import Record
from gwpipe.data.episodes import load_observations
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.domains.fit import Run
from gwpipe.domains.training import train_vae
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.stages import TrainVAEStage


def run(settings: TrainVAEStage, place: layout.Place, machine: Machine) -> None:
    """Train (or go on training), or take from the package, and write weights with their manifest."""
    machine.prepare()
    target = place.path(layout.VAE, env=settings.env, domain=settings.domain)
    data = [place.path(layout.DATA, env=settings.env, **name.model_dump()) for name in settings.data]
    modules = domains.modules([str(settings.vae.kind)])
    domain = make_domain(settings.env, settings.domain, settings.vae, settings.seed)
    if settings.reference:
        reference.take(f"{settings.env}/vae/{settings.domain}", domain.describe(), target, settings, place)
        return
    record = Record("train_vae", place.scale, settings.model_dump(mode="json"), data, modules, machine.device)
    scratch = record.scratch(target)
    train, held_out = load_observations(data, domain.observation, settings.holdout)
    label = f"train_vae {settings.env} {settings.domain}"
    checkpoint = scratch / "checkpoint.safetensors"
    training = Run(settings.seed, label, checkpoint, record.identity, machine.checkpoint_seconds, machine.device)
    measured = train_vae(domain, train, held_out, settings.vae, training)
    save_domain(target, domain)
    record.write(target, updates=settings.vae.optimisation.steps, rows=len(train), **measured)
    shutil.rmtree(scratch.parent, ignore_errors=True)
