"""The graph of manifests behind an artefact, and what is wrong with it."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gwpipe import artefact as artefacts
from gwpipe import layout
from gwpipe.errors import UserError


@dataclass
class Provenance:
    """All artefacts that one is made from, itself first, each before what it is made from."""

    name: str
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Artefact → its manifest; empty for a plain file."""
    problems: list[str] = field(default_factory=list)
    """One line each; none if every step can be followed back to its roots."""

    def inputs(self, name: str) -> list[str]:
        """What an artefact is made from, sorted."""
        return sorted(self.manifests.get(name, {}).get("inputs", {}))


def trace(path: Path, verify: bool = False) -> Provenance:
    """Walk from an artefact (or its manifest) back to the roots.

    The bytes of the artefact itself are checked against its manifest, those of all others only with `verify`; that an
    artefact's inputs are still what it was made from is always checked, manifest against manifest.

    Raises:
        UserError: there is no such artefact.
    """
    path = path.with_name(path.name.removesuffix(layout.MANIFEST))
    if not path.exists() and not artefacts.manifest_path(path).exists():
        raise UserError(f"{path} does not exist; make it first")
    name = layout.name(path)
    root = Path(path.as_posix().removesuffix(name) or ".")
    found = Provenance(name)
    waiting = [name]
    while waiting:
        here = waiting.pop(0)
        if here in found.manifests:
            continue
        try:
            manifest = artefacts.read_manifest(root / here)
            if verify or here == name:
                artefacts.verify(root / here)
        except UserError as fault:
            found.problems.append(str(fault))
            manifest = found.manifests.get(here, {}) or _readable(root / here)
        found.manifests[here] = manifest
        for source, digest in sorted(manifest.get("inputs", {}).items()):
            now = _digest(root, source)
            if now is not None and now != digest:
                found.problems.append(
                    f"{here} was made from another {source} ({digest[:12]}) than lies there now ({now[:12]}); "
                    f"make {here} again"
                )
            if now is not None and not _is_artefact(root, source):
                found.manifests.setdefault(source, {})
            waiting.append(source)
    return found


def every_manifest(root: Path, scale: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and manifest of every artefact under `root`, sorted by name; of one scale alone if it is named.

    Raises:
        UserError: a manifest is not readable.
    """
    found = []
    for folder, below, files in os.walk(root / layout.RESULTS):
        below[:] = [name for name in below if not name.startswith(".") and not name.endswith(".zarr")]
        found += [Path(folder) / name.removesuffix(layout.MANIFEST) for name in files if name.endswith(layout.MANIFEST)]
    for path in sorted(found):
        manifest = artefacts.read_manifest(path)
        if scale is None or manifest["scale"] == scale:
            yield path.relative_to(root).as_posix(), manifest


def settings_hash(manifest: dict[str, Any]) -> str:
    """SHA-256 of the settings in a manifest."""
    return hashlib.sha256(json.dumps(manifest["settings"], sort_keys=True).encode()).hexdigest()


def _is_artefact(root: Path, name: str) -> bool:
    return name.startswith(f"{layout.RESULTS}/") or artefacts.manifest_path(root / name).exists()


def _readable(path: Path) -> dict[str, Any]:
    try:
        return artefacts.read_manifest(path)
    except UserError:
        return {}


def _digest(root: Path, name: str) -> str | None:
    """What an input is now: as its manifest says, or by its bytes if it is a plain file; None if there is neither."""
    path, manifest = root / name, _readable(root / name)
    if manifest:
        return str(manifest["sha256"])
    return artefacts.hash_path(path) if path.exists() and not _is_artefact(root, name) else None
