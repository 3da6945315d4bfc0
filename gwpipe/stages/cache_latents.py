"""cache_latents: unimodal latents (posterior means) of a data set, row by row."""

import shutil
from pathlib import Path

from gwpipe import layout
from gwpipe.artefact import Record
from gwpipe.data.episodes import open_episodes
from gwpipe.data.latents import cache_latents
from gwpipe.domains.catalogue import load_domain
from gwpipe.machine import Machine
from gwpipe.settings.stages import CacheLatentsStage


def run(settings: CacheLatentsStage, place: layout.Place, machine: Machine) -> None:
    """Encode every row and write the cache with its manifest."""
    machine.prepare()
    which = settings.data.model_dump()
    target = place.path(layout.LATENTS, env=settings.env, **which)
    data = place.path(layout.DATA, env=settings.env, **which)
    vaes: dict[str, Path] = {
        domain: place.path(layout.VAE, env=settings.env, domain=domain) for domain in settings.domains
    }
    record = Record("cache_latents", place.scale, settings.model_dump(mode="json"), [data, *vaes.values()])
    hashes = {"data": record.input_hash(data)} | {domain: record.input_hash(path) for domain, path in vaes.items()}
    domains = {domain: load_domain(path) for domain, path in vaes.items()}
    encoders = {name: (domain.observation, domain.latent, domain.encode) for name, domain in domains.items()}
    scratch = layout.scratch(target, record.identity)
    rows = cache_latents(open_episodes(data), encoders, hashes, target, scratch)
    record.write(target, rows=rows)
    shutil.rmtree(scratch.parent, ignore_errors=True)
