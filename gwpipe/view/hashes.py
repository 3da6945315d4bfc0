"""What was made here, as a sorted list of hashes that another machine's can be compared with.

One line an artefact, tab-separated: its name and the SHA-256 of its content, its settings, its source files and the
versions of its packages. Two machines that ran the same settings on their processors should agree in all of them.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gwpipe.errors import UserError
from gwpipe.view.provenance import settings_hash

COLUMNS = ("artefact", "content", "settings", "code", "packages")
CAUSES = COLUMNS[2:]

Hashes = Mapping[str, Mapping[str, str]]
"""Artefact → column → hash."""


def of_manifest(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of one artefact."""
    packages = json.dumps(manifest["packages"], sort_keys=True)
    return {
        "content": manifest["sha256"],
        "settings": settings_hash(dict(manifest)),
        "code": manifest["sources_sha256"],
        "packages": hashlib.sha256(packages.encode()).hexdigest(),
    }


def text(hashes: Hashes) -> str:
    """The list, with a line of column names."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for name in sorted(hashes):
        writer.writerow({"artefact": name, **hashes[name]})
    return out.getvalue()


def read(path: Path) -> dict[str, dict[str, str]]:
    """A list that `text` wrote.

    Raises:
        UserError: there is no such file, or it is no such list.
    """
    try:
        rows = list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError) as fault:
        raise UserError(f"{path} cannot be read ({getattr(fault, 'strerror', None) or fault})") from None
    if not rows or any(set(row) != set(COLUMNS) or None in row.values() for row in rows):
        raise UserError(f"{path} is no list of hashes; `gwpipe hashes > FILE` writes one")
    return {row.pop("artefact"): row for row in rows}


def differences(here: Hashes, there: Hashes, inputs: Mapping[str, list[str]]) -> Iterator[tuple[str, bool]]:
    """One line an artefact that differs, and whether its content does; what the others are made from comes first.

    inputs: artefact → what it is made from, here.
    """
    for name in _from_the_roots(sorted(set(here) | set(there)), inputs):
        if name not in there or name not in here:
            yield f"{name}: only {'here' if name in here else 'in the list compared with'}", True
            continue
        other = [cause for cause in CAUSES if here[name][cause] != there[name][cause]]
        if here[name]["content"] == there[name]["content"]:
            if other:
                yield f"{name}: same content, though {_and(other)} differ", False
            continue
        other += [
            f"its input {source}"
            for source in inputs.get(name, [])
            if source in there and source in here and here[source]["content"] != there[source]["content"]
        ]
        why = f", as do {_and(other)}" if other else " alone: same settings, code, packages and inputs"
        yield f"{name}: content differs{why}", True


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _from_the_roots(names: list[str], inputs: Mapping[str, list[str]]) -> list[str]:
    ordered: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in ordered:
            for source in inputs.get(name, []):
                add(source)
            ordered[name] = None

    for name in names:
        add(name)
    return [name for name in ordered if name in set(names)]
