"""`gwpipe STAGE …`: every stage by hand. `gwpipe STAGE --help` lists what chooses one run of it.
`gwpipe status`, `explain`, `hashes`, `tensorboard` look at runs and results.

Settings come from config files and overrides, or, as from Snakemake, as the one canonical string of `--settings`.
Exit codes: 0 done, 1 a fault of ours (with its traceback), 2 a mistake or fault that the message tells how to mend,
143 stopped by SIGTERM and 130 by Ctrl-C (the same command goes on).
"""

import argparse
import json
import os
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gwpipe.errors import UserError, nearest
from gwpipe.execution import INTERRUPTED, MISTAKE, execute
from gwpipe.layout import Place
from gwpipe.machine import Machine, claim
from gwpipe.settings import config as configuration
from gwpipe.settings.mistakes import explain
from gwpipe.settings.model import Scale, Settings
from gwpipe.settings.stages import STAGES, stage_settings
from gwpipe.view import commands

PAPER_SCALE = Path("workflow/scales/paper.yaml")


def parser() -> argparse.ArgumentParser:
    """The command line: one subcommand a stage, and those that look at runs and results."""
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
        stage.add_argument(
            "--settings", help="the stage's settings as JSON, instead of config files; @FILE reads a manifest's"
        )
        stage.add_argument("--scale", help="with --settings: the folder under results/")
        stage.add_argument("--root", type=Path, default=Path(), help="where results/ lies (default: here)")
        used = "worker processes that act side by side" if name == "collect" else "for tensor arithmetic"
        stage.add_argument("--threads", type=int, default=1, help=f"{used} (default: 1)")
        stage.add_argument(
            "--device",
            default=os.environ.get("GWPIPE_DEVICE", "cpu"),
            help="cpu, cuda, cuda:NUMBER or cuda:free (one that no other job is on); default: $GWPIPE_DEVICE, or cpu",
        )
        stage.add_argument(
            "--checkpoint-seconds", type=float, default=60.0, help="between two checkpoints (default: 60)"
        )
        if name == "train_agent":
            stage.add_argument(
                "--compile",
                action=argparse.BooleanOptionalAction,
                help="translate updates into graphs, on CUDA captured ones (default: whether $GWPIPE_COMPILE is 1)",
            )
        if name == "train_workspace":
            stage.add_argument(
                "--pictures-every",
                type=int,
                metavar="STEPS",
                default=os.environ.get("GWPIPE_PICTURES_EVERY", "0"),
                help="translations as PNG beside the log (default: $GWPIPE_PICTURES_EVERY, or 0: none)",
            )
    commands.add(stages)
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
            scale = TypeAdapter(Scale).validate_python(arguments.scale)
        except ValidationError:
            allowed = "it names a folder under results/: only letters, digits, _ and - are allowed"
            raise UserError(f"--scale '{arguments.scale}' is no scale; {allowed}") from None
        try:
            return kind.model_validate_json(settings_text(arguments.settings)), scale
        except ValidationError as fault:
            raise UserError(f"--settings: {explain(fault, kind)}") from None
    if arguments.scale is not None:
        raise UserError(
            "--scale goes with --settings; a scale is chosen by its file: --configfile workflow/scales/….yaml"
        )
    for wildcard in wildcards:
        if getattr(arguments, wildcard) is None:
            raise UserError(f"{arguments.stage} needs --{wildcard}")
    if not Path("config.yaml").exists():
        raise UserError(
            "there is no config.yaml here; run gwpipe in the project's folder (--root: where results/ lies)"
        )
    files = [Path("config.yaml"), *arguments.configfile]
    config = configuration.load(files, arguments.set)
    paper = configuration.load([Path("config.yaml"), PAPER_SCALE]) if arguments.stage == "count_flops" else None
    values = {wildcard: getattr(arguments, wildcard) for wildcard in wildcards}
    return stage_settings(arguments.stage, config, paper, **values), config.scale


def settings_text(given: str) -> str:
    """The JSON that `--settings` gives: itself, or of `@FILE` the settings in that manifest or status file.

    Raises:
        UserError: the file is missing, or holds no settings.
    """
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        return json.dumps(json.loads(path.read_text())["settings"])
    except OSError as fault:
        raise UserError(f"--settings {given}: {fault.strerror or fault}") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"--settings {given}: no settings in it; give a manifest or a status file") from None


def asked_to_compile(flag: bool | None) -> bool:
    """What `--compile` or `--no-compile` says, or else the environment.

    Raises:
        UserError: the environment says neither yes nor no.
    """
    if flag is not None:
        return flag
    said = os.environ.get("GWPIPE_COMPILE", "")
    if said not in ("", "0", "1"):
        raise UserError(f"GWPIPE_COMPILE is '{said}'; set it to 1 or 0, or not at all")
    return said == "1"


def refuse_unknown(words: list[str]) -> None:
    """One line for a stage that does not exist, in place of argparse's list of all."""
    valid = [*STAGES, *commands.COMMANDS]
    if words and not words[0].startswith("-") and words[0] not in valid:
        raise UserError(f"stage '{words[0]}' is unknown{nearest(words[0], valid)}")


def main(words: list[str] | None = None) -> int:
    """Run the command line `words` (`sys.argv` by default); the exit code."""
    words = sys.argv[1:] if words is None else words
    try:
        refuse_unknown(words)
        arguments = parser().parse_args(words)
        if arguments.stage in commands.COMMANDS:
            return commands.run(arguments)
        settings, scale = chosen(arguments)
        pictures = getattr(arguments, "pictures_every", 0)
        compiled = asked_to_compile(getattr(arguments, "compile", False))
        machine = Machine(arguments.threads, claim(arguments.device), arguments.checkpoint_seconds, pictures, compiled)
    except UserError as mistake:
        print(f"gwpipe: {mistake}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED
    return execute(arguments.stage, settings, Place(arguments.root, scale), machine)


if __name__ == "__main__":
    sys.exit(main())
