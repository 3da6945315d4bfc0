"""What chooses one run of a stage: data sets by name, domains by kind, seeds."""

import re
from collections.abc import Iterable

from gwpipe.errors import UserError
from gwpipe.settings.methods import entry
from gwpipe.settings.model import Settings
from gwpipe.settings.representation import DomainName, RepresentationSettings, SourceSettings


class DataName(Settings):
    """Which data set: task and policy."""

    task: str
    policy: str


def seed_number(seed: str | int) -> int:
    """A seed as Snakemake or the command line hands it over.

    Raises:
        UserError: it is not a whole number, 0 or above, in its one spelling.
    """
    # Snakemake and the command line hand over text; only one spelling of a number names its folder.
    if not re.fullmatch(r"0|[1-9][0-9]*", str(seed)):
        raise UserError(f"seed '{seed}' is not a whole number, 0 or above")
    return int(seed)


def modules_of_agent(source: SourceSettings) -> list[str]:
    """The modules with which a trained agent acts in a data set, the one that loads it first; none where none does."""
    return ["gwpipe.agents.collecting", entry(source.agent).module] if source.agent is not None else []


def data_names(representation: RepresentationSettings) -> list[DataName]:
    """The data sets of a representation, in their order."""
    return [DataName(task=source.task, policy=source.policy) for source in representation.data]


def kinds_of(representation: RepresentationSettings, names: Iterable[DomainName]) -> dict[DomainName, str]:
    """Domain → kind, of these domains."""
    return {name: str(representation.vae[name].kind) for name in sorted(names)}


def seen_by(method: str, representation: RepresentationSettings) -> list[DomainName]:
    """The domains whose VAEs a method's agents need: a workspace takes those of all domains, whichever it is shown.

    Raises:
        UserError: it sees one domain alone, which the representation does not have.
    """
    line = entry(method)
    if not line.encodes:
        return []
    if line.only is None:
        return representation.domains
    if line.only not in representation.domains:
        known = ", ".join(representation.domains)
        raise UserError(f"{method} sees domain '{line.only}' alone, but representation.domains has {known}")
    return representation.domains if line.workspace else [line.only]
