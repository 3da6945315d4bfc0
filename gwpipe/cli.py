"""`gwpipe STAGE …`: every stage by hand. `gwpipe STAGE --help` lists what chooses one run of it.

Settings come from config files and overrides, or, as from Snakemake, as the one canonical string of `--settings`.
Exit codes: 0 done, 1 a fault of ours (with its traceback), 2 a mistake or fault that the message tells how to mend,
143 stopped by SIGTERM and 130 by Ctrl-C (the same command goes on).
"""

import argparse
import difflib
import errno
import importlib
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from gwpipe import stopping
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine, claim
from gwpipe.settings import config as configuration
from gwpipe.settings.model import Settings
from gwpipe.settings.stages import RESERVED_STAGES, STAGES, stage_settings

PAPER_SCALE = Path("workflow/scales/paper.yaml")
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO, errno.ESTALE)
"""What a disk or its folders can do to any stage at any moment."""


def parser() -> argparse.ArgumentParser:
    """The command line: one subcommand a stage."""
    root = argparse.ArgumentParser(prog="gwpipe", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    stages = root.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, (_, _, wildcards) in STAGES.items():
        stage = stages.add_parser(name, help=" ".join(f"--{w} …" for w in wildcards))
        for wildcard in wildcards:
            stage.add_argument(f"--{wildcard}", help="required unless --settings is given")
        stage.add_argument(
            "--configfile", action="append", type=Path, default=[], help="laid over config.yaml, in order"
        )
        stage.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="dotted override")
        stage.add_argument("--settings", help="the stage's settings as JSON, instead of config files")
        stage.add_argument("--scale", help="with --settings: the folder under results/")
        stage.add_argument("--root", type=Path, default=Path(), help="where results/ lies (default: here)")
        stage.add_argument("--threads", type=int, default=1, help="for tensor arithmetic (default: 1)")
        stage.add_argument(
            "--device",
            default=os.environ.get("GWPIPE_DEVICE", "cpu"),
            help="cpu, cuda, cuda:NUMBER or cuda:free (one that no other job is on); default: $GWPIPE_DEVICE, or cpu",
        )
        stage.add_argument(
            "--checkpoint-seconds", type=float, default=60.0, help="between two checkpoints (default: 60)"
        )
    return root


def chosen(arguments: argparse.Namespace) -> tuple[Settings, str]:
    """Settings of the stage to run, and the scale.

    Raises:
        UserError: a wildcard is missing, or the settings are wrong.
    """
    kind, _, wildcards = STAGES[arguments.stage]
    if arguments.settings is not None:
        if not arguments.scale:
            raise UserError("--settings also needs --scale, the folder under results/")
        try:
            return kind.model_validate_json(arguments.settings), arguments.scale
        except ValidationError as fault:
            raise UserError(f"--settings: {configuration.explain(fault, kind)}") from None
    for wildcard in wildcards:
        if getattr(arguments, wildcard) is None:
            raise UserError(f"{arguments.stage} needs --{wildcard}")
    files = [Path("config.yaml"), *arguments.configfile]
    config = configuration.load(files, arguments.set)
    paper = configuration.load([Path("config.yaml"), PAPER_SCALE]) if arguments.stage == "count_flops" else None
    values = {wildcard: getattr(arguments, wildcard) for wildcard in wildcards}
    return stage_settings(arguments.stage, config, paper, **values), config.scale


def refuse_unknown(words: list[str]) -> None:
    """One line for a stage that does not exist, in place of argparse's list of all."""
    if words and not words[0].startswith("-") and words[0] not in STAGES:
        if words[0] in RESERVED_STAGES:
            raise UserError(f"stage '{words[0]}' is reserved and not available yet")
        close = difflib.get_close_matches(words[0], STAGES, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(STAGES)}"
        raise UserError(f"stage '{words[0]}' is unknown{hint}")


def main(words: list[str] | None = None) -> int:
    """Run the command line `words` (`sys.argv` by default); the exit code."""
    words = sys.argv[1:] if words is None else words
    try:
        refuse_unknown(words)
        arguments = parser().parse_args(words)
        settings, scale = chosen(arguments)
        stage = importlib.import_module(f"gwpipe.stages.{arguments.stage}")
        with stopping.on_sigterm():
            machine = Machine(arguments.threads, claim(arguments.device), arguments.checkpoint_seconds)
            stage.run(settings, Place(arguments.root, scale), machine)
    except UserError as mistake:
        print(f"gwpipe: {mistake}", file=sys.stderr)
        return 2
    except OSError as fault:
        if fault.errno not in DISK_FAULTS:
            raise
        where = f"{fault.filename}: " if fault.filename else ""
        print(f"gwpipe: {where}{fault.strerror}; mend that, and the same command goes on", file=sys.stderr)
        return 2
    except stopping.Stopped:
        print("gwpipe: stopped by SIGTERM; the same command goes on from the last checkpoint", file=sys.stderr)
        return stopping.EXIT_CODE
    except KeyboardInterrupt:
        print("gwpipe: interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
