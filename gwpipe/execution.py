"""One run of a stage from the command line: its sign of life, and what is said when it fails.

The last lines of a failure name the run, its settings, its log and what to try. What a user can mend is one line before
them; a fault of ours leaves its traceback in the log.
"""

import contextlib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gwpipe import layout, stopping
from gwpipe.errors import UserError
from gwpipe.heartbeat import Heartbeat
from gwpipe.machine import Machine
from gwpipe.settings.model import Settings
from gwpipe.settings.stages import STAGES

DONE, FAULT, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO, errno.ESTALE)
"""What a disk or its folders can do to any stage at any moment."""


def execute(stage: str, settings: Settings, place: layout.Place, machine: Machine) -> int:
    """Run a stage; the exit code."""
    told = settings.model_dump(mode="json")
    chosen = wildcards_of(stage, told)
    log = place.root / layout.log(place.scale, stage, *chosen.values())
    status = log.with_suffix(".status.json")
    facts = {"stage": stage, "wildcards": chosen, "scale": place.scale, "settings": told, "log": str(log)}
    run = " ".join([stage, *chosen.values()])
    with Heartbeat(status, facts) as beat:
        try:
            with stopping.on_sigterm():
                importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, machine)
            return DONE
        except UserError as mistake:
            message, code = str(mistake), MISTAKE
        except KeyboardInterrupt:
            beat.end("interrupted")
            print("gwpipe: interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
            return INTERRUPTED
        except stopping.Stopped:
            beat.end("interrupted")
            _say("stopped by SIGTERM; the same command goes on from the last checkpoint")
            return stopping.EXIT_CODE
        except Exception as fault:
            code = MISTAKE if _out_of_memory(fault) else FAULT
            message = _sentence(fault)
            if isinstance(fault, OSError) and fault.errno in DISK_FAULTS:
                code, message = MISTAKE, f"{fault.filename or 'the disk'}: {fault.strerror}"
            else:
                _keep_traceback(log)
        beat.end("failed", message)
    _say(message)
    _say(f"{run} (scale {place.scale}) failed; its settings are in {status}, its log is {log}")
    if code == FAULT:
        _say("this is a fault of gwpipe, not of yours; the traceback is in the log")
    _say(
        f"mend that and give the same command again, or by hand: {layout.by_hand(stage, place, status)}; "
        "where there is a checkpoint it goes on from there"
    )
    return code


def wildcards_of(stage: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """The wildcards that choose the run with these settings, in the stage's order, read back from the settings."""
    found = {}
    for wildcard in STAGES[stage][2]:
        value = next(_named(wildcard, settings), None)
        if value is not None:
            found[wildcard] = str(value)
    return found


def _named(name: str, settings: Mapping[str, Any]) -> Iterator[Any]:
    """Values of the key `name`, the outermost first."""
    if name in settings:
        yield settings[name]
    for value in settings.values():
        if isinstance(value, Mapping):
            yield from _named(name, value)


def _say(line: str) -> None:
    print(f"gwpipe: {line}", file=sys.stderr)


def _out_of_memory(fault: Exception) -> bool:
    return isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError"


def _sentence(fault: Exception) -> str:
    """An exception in one line: what, and the line of our code that it came from."""
    first = " ".join(str(fault).split()) or "no message"
    if _out_of_memory(fault):
        return f"out of memory ({first}); lower batch_size, or give the job more memory"
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if "gwpipe" in Path(frame.filename).parts]
    where = f" at {'/'.join(Path(frames[-1].filename).parts[-3:])}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{where}: {first}"


def _keep_traceback(log: Path) -> None:
    """Put the traceback of the exception at hand into the log, which under Snakemake is where stderr goes already."""
    with contextlib.suppress(OSError):
        if log.exists() and os.path.samestat(os.fstat(sys.stderr.fileno()), log.stat()):
            traceback.print_exc()
            return
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            traceback.print_exc(file=file)
