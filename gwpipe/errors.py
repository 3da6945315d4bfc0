"""The one exception that carries a message for the person at the keyboard, and the hint that ends many messages."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake or fault that its user can mend: one line that says what, where and what to do.

    The command line prints the message alone and exits with status 2; a traceback is never shown for it.
    """

    def __init__(self, message: object) -> None:
        # It may quote what was given, line breaks and all. Gymnasium raises a worker's again of the exception itself.
        super().__init__(" ".join(str(message).splitlines()))


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The end of a message about an unknown `name`: the candidate most like it, else all of them."""
    candidates = list(candidates)
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; valid here: {', '.join(candidates)}" if candidates else ""
