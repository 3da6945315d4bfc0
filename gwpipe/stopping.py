"""SIGTERM: a cluster, or a person, wants a stage to end. It keeps what it has done and soon exits with code 143.

Most of a stage can stop anywhere, because nothing half-written is ever taken for whole. A training loop wants to save a
checkpoint first: it runs inside `deferred` and asks now and then.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

GRACE_SECONDS = 20.0
"""A loop that has not come to a checkpoint by then is stopped where it is; Slurm and Kubernetes kill after 30."""

EXIT_CODE = 128 + signal.SIGTERM


class Stopped(BaseException):
    """The stage was asked to stop. No `Exception`, so that nothing on its way takes it for a fault."""


class _Asked:
    """What the handler and the loops tell each other; signals belong to the process, and so does this."""

    loops = 0
    """How many `deferred` blocks are open."""
    flag = False


def _handler(number: int, frame: FrameType | None) -> None:
    if not _Asked.loops or number == signal.SIGALRM:
        raise Stopped
    # Once: whoever signals a process group and the process itself sends two, and means one.
    if not _Asked.flag:
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
    _Asked.flag = True


@contextlib.contextmanager
def on_sigterm() -> Iterator[None]:
    """Within the block, SIGTERM raises `Stopped`: at once, or inside `deferred` when it ends."""
    _Asked.flag = False
    before = {number: signal.signal(number, _handler) for number in (signal.SIGTERM, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _Asked.flag = False
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """For a loop that saves: gives `asked()`. Once it is true, save, leave the loop, and the block's end stops.

    Raises:
        Stopped: it was asked; inside the block only when `GRACE_SECONDS` have gone by.
    """
    _Asked.loops += 1
    try:
        yield lambda: _Asked.flag
    finally:
        _Asked.loops -= 1
    if _Asked.flag:
        raise Stopped
