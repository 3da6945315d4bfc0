"""Which domains each environment has and what builds them: names only, so that Snakemake reads it without torch.

A domain of one's own is one line here, or two calls of `register_kind` and `register` from outside (see
docs/adding-a-domain.md).
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from pydantic import JsonValue

from gwpipe.errors import UserError, nearest

if TYPE_CHECKING:
    from gwpipe.settings.representation import VAESettings

KINDS: dict[str, str] = {
    "visual": "gwpipe.domains.visual:VisualVAE",
    "shape_attributes": "gwpipe.domains.attributes:ShapeAttributesVAE",
    "plain_attributes": "gwpipe.domains.plain_attributes:PlainAttributes",
    "vector_attributes": "gwpipe.domains.attributes:VectorAttributesVAE",
    "language": "gwpipe.domains.language:LanguageVAE",
    "pretrained_image": "gwpipe.domains.pretrained_image:PretrainedImage",
    "sentence_encoder": "gwpipe.domains.sentence_encoder:SentenceEncoder",
}
"""Kind → "module:class". Weights name the kind; where its class lies may change. Named, not imported, so that a change
to one kind retrains no other."""


@dataclass(frozen=True)
class Entry:
    """What a domain of an environment is, before its settings are laid over it."""

    kind: str
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    """Arguments of the kind's constructor beside `latent` and `width`."""
    upstream: Mapping[str, JsonValue] = field(default_factory=dict)
    """Laid over them where the environment keeps its package's faults (RoboDesk's `upstream`)."""


_RATES: Mapping[str, JsonValue] = {"rates": [[9, 18], [50, 76]]}
_UPSTREAM_RATES: Mapping[str, JsonValue] = {"rates": [[9, 18], [21, 73]]}
"""Columns of RoboDesk's vector that are velocities; with the package's faults all that it says of objects."""

DOMAINS: dict[str, dict[str, Entry]] = {
    "simple_shapes": {
        "v": Entry("visual", {"side": 32}),
        "attr": Entry("shape_attributes"),
        "attr_unpaired": Entry("shape_attributes", {"unpaired": 1}),
        "t": Entry("language"),
        "mask": Entry("visual", {"side": 32, "view": "silhouette"}),
    },
    "robodesk": {
        "v": Entry("visual", {"side": 64}),
        # Columns of the environment's ATTRIBUTE_SLICES, or UPSTREAM_ATTRIBUTE_SLICES: all, joints and end effector, and
        # what lies on the desk.
        "attr": Entry("vector_attributes", {"size": 76, **_RATES}, {"size": 73, **_UPSTREAM_RATES}),
        "proprio": Entry("vector_attributes", {"size": 21, "first": 0, **_RATES}),
        "objects": Entry("vector_attributes", {"size": 55, "first": 21, **_RATES}, {"size": 52, **_UPSTREAM_RATES}),
    },
}
"""Environment → domain → what it is."""

PLUGINS = "gwpipe.domains"
"""Entry points of this group, "module:function", are called once: there an installed package registers its domains."""


def register_kind(kind: str, place: str) -> None:
    """Make a kind known: `place` is "module:class" of a `gwpipe.domains.domain.Domain`.

    Raises:
        UserError: the kind is taken, or `place` has another form.
    """
    if place.count(":") != 1 or not all(place.split(":")):
        raise UserError(f"domain kind '{kind}': '{place}' is not of the form module:class")
    if KINDS.setdefault(kind, place) != place:
        raise UserError(f"domain kind '{kind}' is taken by {KINDS[kind]}; choose another name")


def register(env: str, name: str, kind: str, **options: JsonValue) -> None:
    """Give an environment a domain called `name`, of a known kind with these options.

    Raises:
        UserError: the environment or the kind is unknown, the name is taken or no identifier.
    """
    if env not in DOMAINS:
        raise UserError(f"environment '{env}' is unknown{nearest(env, DOMAINS)}")
    if kind not in KINDS:
        raise UserError(f"domain kind '{kind}' is unknown{nearest(kind, KINDS)}")
    if not name.isidentifier():
        raise UserError(f"domain '{name}': a name is made of letters, digits and _, because files are called after it")
    if DOMAINS[env].setdefault(name, Entry(kind, options)) != Entry(kind, options):
        raise UserError(f"{env} has another domain '{name}' already; choose another name")


def entry(env: str, name: str) -> Entry:
    """The line of a domain.

    Raises:
        UserError: the environment has no such domain; the nearest is named.
    """
    call_plugins()
    if name not in DOMAINS[env]:
        raise UserError(f"{env} has no domain '{name}'{nearest(name, DOMAINS[env])}")
    return DOMAINS[env][name]


def resolved(env: str, name: str, settings: "VAESettings", upstream: bool = False) -> "VAESettings":
    """Settings whose `kind` and `options` say all that the table says, and what they say themselves above it.

    A kind other than the table's takes none of the table's options: they are another constructor's. upstream: does the
    environment keep its package's faults?

    Raises:
        UserError: the environment has no such domain, or the kind is unknown.
    """
    line = entry(env, name)
    kind = settings.kind or line.kind
    if kind not in KINDS:
        raise UserError(f"domain '{name}' of {env}: kind '{kind}' is unknown{nearest(kind, KINDS)}")
    table = {**line.options, **(line.upstream if upstream else {})} if kind == line.kind else {}
    options = {**table, **settings.options}
    return settings.model_copy(update={"kind": kind, "options": options})


def place_of(kind: object) -> tuple[str, str]:
    """Module and class of a kind.

    Raises:
        UserError: the kind is unknown.
    """
    call_plugins()
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"there is no domain of kind {kind!r}{nearest(str(kind), KINDS)}")
    module, name = KINDS[kind].split(":")
    return module, name


def modules(kinds: Iterable[str]) -> list[str]:
    """The modules that define these kinds: source files of every stage that builds such a domain.

    Raises:
        UserError: a kind is unknown.
    """
    return sorted({place_of(kind)[0] for kind in kinds})


@functools.cache
def call_plugins() -> None:
    """Let installed packages register their domains, once a process.

    Raises:
        UserError: one of them fails; its name and fault are given.
    """
    for plugin in entry_points(group=PLUGINS):
        try:
            plugin.load()()
        except Exception as fault:
            raise UserError(f"domain plug-in '{plugin.name}' ({plugin.value}) fails: {fault}") from fault
