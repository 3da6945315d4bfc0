"""How an artefact came to be, as a tree to read."""

from collections.abc import Iterator
from typing import Any

import yaml

from gwpipe.view.provenance import Provenance
from gwpipe.view.words import duration, short

Manifest = dict[str, Any]

SAME = ("code_version", "packages")
SAME_MACHINE = ("machine", "host", "processor", "device")
"""Fields that are told once, of the artefact asked for, and of another only where they differ."""


def explanation(found: Provenance, depth: int | None = None, occasion: bool = True) -> Iterator[str]:
    """Lines about an artefact, then the tree of what it is made from, each artefact's own inputs told once.

    depth: how many levels of the tree are shown; all where it is None. occasion: when, where and how long, too; without
    it two machines that made the same say the same.
    """
    manifest = found.manifests[found.name]
    yield found.name
    yield from (f"  {line}" for line in _facts(manifest, occasion))
    others = [m for name, m in found.manifests.items() if name != found.name and m]
    if others:
        work = f", {duration(sum(seconds_of(m) for m in one_a_run(others)))} of work in all" if occasion else ""
        yield f"made from {len(others)} artefacts{work}"
    shown = {found.name}
    yield from _tree(found, found.name, "", depth, occasion, shown)


def _facts(manifest: Manifest, occasion: bool) -> Iterator[str]:
    if not manifest:
        return
    again = f", {manifest['starts']} starts" if manifest.get("starts", 1) > 1 else ""
    memory = f", {manifest['peak_memory_mib']:.0f} MiB" if "peak_memory_mib" in manifest else ""
    yield f"stage     {manifest['stage']}, scale {manifest['scale']}"
    if occasion:
        yield f"finished  {manifest['finished']}, after {duration(seconds_of(manifest))}{again}{memory}"
    yield f"seed      {'none of its own' if manifest['seed'] is None else manifest['seed']}"
    yield f"code      {manifest['code_version']}, source files {short(manifest['sources_sha256'])}"
    yield f"content   {manifest['sha256']}"
    if occasion:
        where = [manifest["machine"], manifest.get("processor"), manifest.get("host")]
        yield f"machine   {'; '.join(part for part in where if part)}"
        device = manifest["device"] + (f" ({manifest['device_name']})" if manifest.get("device_name") else "")
        threads = f", threads: {manifest['threads']}" if manifest.get("threads") else ""
        instructions = f", {manifest['instructions']}" if manifest.get("instructions") else ""
        yield f"device    {device}{threads}{instructions}"
    yield f"packages  {', '.join(f'{name} {version}' for name, version in manifest['packages'].items())}"
    yield "settings"
    dumped = yaml.safe_dump(manifest["settings"], default_flow_style=None, sort_keys=False, width=110)
    yield from (f"  {line}" for line in dumped.splitlines())


def _tree(
    found: Provenance, name: str, indent: str, depth: int | None, occasion: bool, shown: set[str]
) -> Iterator[str]:
    sources = found.inputs(name)
    if depth == 0 and sources:
        yield f"{indent}└─ … {len(sources)} more below"
        return
    for at, source in enumerate(sources):
        last = at == len(sources) - 1
        told = source in shown
        above = " (see above)" if told and found.inputs(source) else ""
        yield f"{indent}{'└─' if last else '├─'} {source}{_brief(found, source, occasion)}{above}"
        if not told:
            shown.add(source)
            below = indent + ("   " if last else "│  ")
            yield from _tree(found, source, below, None if depth is None else depth - 1, occasion, shown)


def _brief(found: Provenance, name: str, occasion: bool) -> str:
    manifest, asked = found.manifests.get(name, {}), found.manifests[found.name]
    if not manifest:
        return ""
    seed = f", seed {manifest['seed']}" if manifest["seed"] is not None else ""
    differing = [
        f"{field.replace('_', ' ')} {_changed(manifest[field], asked[field])}"
        for field in (SAME + SAME_MACHINE if occasion else SAME)
        if field in manifest and field in asked and manifest[field] != asked[field]
    ]
    other = "; other " + ", ".join(differing) if differing else ""
    took = f", {duration(seconds_of(manifest))}" if occasion else ""
    return f"  {manifest['stage']}{seed}{took}, {short(manifest['sha256'])}{other}"


def _changed(value: Any, asked: Any) -> str:
    """A field's value; of several, those that differ."""
    if not isinstance(value, dict):
        return str(value)
    return " ".join(
        f"{name} {value.get(name, 'absent')}" for name in value | asked if value.get(name) != asked.get(name)
    )


def seconds_of(manifest: Manifest) -> float:
    """Wall time of a run, earlier starts included."""
    return float(manifest["wall_seconds"]) + float(manifest.get("earlier_seconds", 0.0))


def one_a_run(manifests: list[Manifest]) -> list[Manifest]:
    """One manifest a run: a run may make several artefacts."""
    return list({(m["stage"], m["identity"], m.get("started", m["finished"])): m for m in manifests}.values())
