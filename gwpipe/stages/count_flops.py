"""count_flops: operations of one update of every component, at this scale and at the paper's; parameters beside."""

from gwpipe import layout
from gwpipe.artefact import Record, staging
from gwpipe.flops.models import count
from gwpipe.machine import Machine
from gwpipe.settings import domains
from gwpipe.settings.table1_stages import CountFlopsStage


def run(settings: CountFlopsStage, place: layout.Place, machine: Machine) -> None:
    """Count on the meta device and write the counts as JSON, with a manifest."""
    machine.prepare()
    target = place.path(layout.FLOPS, env=settings.env, task=settings.task)
    sizes = (settings.present.representation, settings.paper.representation)
    modules = domains.modules(str(vae.kind) for representation in sizes for vae in representation.seen.values())
    record = Record("count_flops", place.scale, settings.model_dump(mode="json"), [], modules)
    counts = count(settings.env, settings.present, settings.paper)
    with staging(target) as partial:
        partial.write_text(counts.model_dump_json(indent=1) + "\n")
    record.write(target)
