"""cache_latents: unimodal latents (posterior means) of one domain over a data set, row by row."""

import shutil

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.data.episodes import open_episodes
from gwpipe.data.latents import cache_latents
from gwpipe.domains.catalogue import load_domain
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.stages import CacheLatentsStage


def run(settings: CacheLatentsStage, place: layout.Place, machine: Machine) -> None:
    """Encode every row and write the cache with its manifest."""
    machine.prepare()
    which = settings.data.model_dump()
    target = place.path(layout.LATENTS, env=settings.env, domain=settings.domain, **which)
    data = place.path(layout.DATA, env=settings.env, **which)
    vae = place.path(layout.VAE, env=settings.env, domain=settings.domain)
    modules = domains.modules([settings.kind])
    record = Record(
        "cache_latents", place.scale, settings.model_dump(mode="json"), [data, vae], modules, machine.device
    )
    made_from = {"data": record.input_hash(data), "vae": record.input_hash(vae)}
    domain = load_domain(vae).to(machine.device)
    scratch = record.scratch(target)
    episodes = open_episodes(data)
    rows = cache_latents(
        episodes, domain.observation, domain.latent, domain.encode, made_from, target, scratch, record.identity
    )
    record.write(target, rows=rows)
    shutil.rmtree(scratch.parent, ignore_errors=True)
