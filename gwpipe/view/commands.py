"""The commands that look at runs and results: `gwpipe status`, `explain`, `hashes` and `tensorboard`."""

import argparse
import json
import sys
import time
from pathlib import Path

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.errors import UserError
from gwpipe.view import plan
from gwpipe.view.words import on_terminal

COMMANDS = {
    "status": "what is done, running, waiting or failed",
    "explain": "how an artefact came to be, back to the roots",
    "hashes": "hashes of all that was made, to compare two machines",
    "tensorboard": "event files from the metrics of trainings",
}
DIFFERENT = 1
BROKEN = 2
"""Exit codes: `hashes --compare` found other contents; `explain` found manifests missing or mismatching."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Put the commands beside the stages."""
    parsers = {name: commands.add_parser(name, help=text, description=text) for name, text in COMMANDS.items()}
    for name, parser in parsers.items():
        if name != "explain":
            parser.add_argument(
                "--root", type=Path, default=Path(), help="where results/ and logs/ lie (default: here)"
            )
            parser.add_argument("--scale", help="default: the one asked for last; of hashes, all")
    status = parsers["status"]
    status.add_argument("--all", action="store_true", help="a line for every run")
    status.add_argument("--failed", action="store_true", help="only what went wrong, and what to try")
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument("--watch", nargs="?", type=float, const=10.0, metavar="SECONDS", help="again and again (10)")
    explain = parsers["explain"]
    explain.add_argument("artefact", type=Path)
    explain.add_argument("--depth", type=int, help="levels of the tree (default: all)")
    explain.add_argument("--json", action="store_true", help="all manifests, for programs")
    explain.add_argument("--verify", action="store_true", help="hash the bytes of every artefact (may take long)")
    hashes = parsers["hashes"]
    hashes.add_argument("--compare", type=Path, metavar="FILE", help="say what differs from this list")
    hashes.add_argument("--verify", action="store_true", help="hash the bytes instead of trusting manifests")
    parsers["tensorboard"].add_argument("--out", type=Path, help="default: logs/SCALE/tensorboard")


def run(arguments: argparse.Namespace) -> int:
    """Run one of the commands; the exit code.

    Raises:
        UserError: what is asked for does not exist, or cannot be read.
    """
    return {"status": _status, "explain": _explain, "hashes": _hashes, "tensorboard": _tensorboard}[arguments.stage](
        arguments
    )


def _scale(arguments: argparse.Namespace) -> str:
    if arguments.scale:
        return str(arguments.scale)
    logs = arguments.root / layout.LOGS
    by_hand = max(logs.glob("*/*/*.status.json"), key=lambda file: file.stat().st_mtime_ns, default=None)
    scale = plan.newest(arguments.root) or (by_hand.parent.parent.name if by_hand else None)
    if scale is None:
        raise UserError(f"nothing was run in {arguments.root.resolve()} yet; `gwpipe status` looks into {logs}")
    return scale


def _status(arguments: argparse.Namespace) -> int:
    from gwpipe.view import status_text
    from gwpipe.view.status import status_of

    while True:
        status = status_of(arguments.root, _scale(arguments))
        if arguments.json:
            runs = [{name: getattr(run, name) for name in run.__dataclass_fields__} for run in status.runs]
            print(json.dumps({"scale": status.scale, "runs": runs}, indent=1))
        else:
            if arguments.watch and on_terminal():
                print("\033[H\033[2J", end="")
            if arguments.failed:
                told = status_text.failures(status, arguments.root, on_terminal())
            else:
                told = status_text.lines(status, arguments.all, on_terminal())
            print("\n".join(told))
        if not arguments.watch:
            return 0
        time.sleep(arguments.watch)


def _explain(arguments: argparse.Namespace) -> int:
    from gwpipe.view.explain import explanation
    from gwpipe.view.provenance import trace

    found = trace(arguments.artefact, arguments.verify)
    if arguments.json:
        print(json.dumps({"artefact": found.name, "manifests": found.manifests, "problems": found.problems}, indent=1))
    else:
        for line in explanation(found, arguments.depth):
            print(line)
    for problem in found.problems:
        print(f"gwpipe: {problem}", file=sys.stderr)
    return BROKEN if found.problems else 0


def _hashes(arguments: argparse.Namespace) -> int:
    from gwpipe.view import hashes
    from gwpipe.view.provenance import every_manifest

    manifests = dict(every_manifest(arguments.root, arguments.scale))
    if arguments.verify:
        for name in manifests:
            verify(arguments.root / name)
    here = {name: hashes.of_manifest(manifest) for name, manifest in manifests.items()}
    if arguments.compare is None:
        print(hashes.text(here), end="")
        return 0
    there = hashes.read(arguments.compare)
    inputs = {name: sorted(manifest["inputs"]) for name, manifest in manifests.items()}
    found = list(hashes.differences(here, there, inputs))
    for line, _ in found:
        print(line)
    agreeing = sum(name in there and here[name]["content"] == there[name]["content"] for name in here)
    print(f"{agreeing} of {len(set(here) | set(there))} artefacts have the same content")
    return DIFFERENT if any(content for _, content in found) else 0


def _tensorboard(arguments: argparse.Namespace) -> int:
    from gwpipe.view.tensorboard import export

    scale = _scale(arguments)
    out = arguments.out or arguments.root / layout.LOGS / scale / "tensorboard"
    folders = export(arguments.root, scale, out)
    print(f"{len(folders)} trainings in {out}; tensorboard --logdir {out}")
    return 0
