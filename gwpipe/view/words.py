"""Small things that views of runs and results say alike: times, hashes, colours."""

import os
import sys

COLOURS = {
    "done": "32",
    "running": "36",
    "waiting": "2",
    "failed": "31",
    "stale": "33",
    "interrupted": "33",
    "bold": "1",
}


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 20 s`, `5 h 2 min`, `2 d 4 h`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def short(digest: str) -> str:
    """The beginning of a hash, enough to tell it from others by eye."""
    return digest[:12]


def on_terminal() -> bool:
    """Does a person read stdout, in colour? (https://no-color.org)"""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def coloured(text: str, name: str, colour: bool) -> str:
    """`text` in the colour of a state, if colours are wanted."""
    return f"\033[{COLOURS[name]}m{text}\033[0m" if colour else text
