"""Worker processes that work on numbered pieces ahead of the one that is asked for, and what becomes of those that die.

A process of its own is started for each worker (no fork: simulators and compilers keep threads and contexts that do not
survive one), with one thread of arithmetic and drawing. Numbers go out and results come back through a pipe, pickled:
that costs a row of RoboDesk a tenth of a millisecond, where acting and drawing take tens, so no memory is shared.

A worker that dies is replaced, and its piece is done anew. A worker leaves as soon as the process that started it is
gone, however that ended.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import connection, resource_tracker
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from gwpipe.errors import UserError

Result = TypeVar("Result")
Work = Callable[[range], Result]

AHEAD = 2
"""Pieces for each worker that may be given out at a time, counted from the one that is asked for."""
LIVES = 3
"""So many workers may die at one number."""
_PAUSE = 0.2
"""Seconds before a lost worker is replaced: a signal that was sent to all processes of a job reaches us too by then."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "LP_NUM_THREADS")
"""The last one is that of Mesa, which draws OpenGL's pictures where there is no graphics card."""


class Lost(Exception):
    """A worker process is gone."""


class Crew(Generic[Result]):
    """So many workers; use as a context manager, which ends them all.

    Args:
        prepare: makes, in each worker, the function that does a piece; picklable, like the results.
        size: number of workers.
        piece: what is worked on, for messages: "episode".
    """

    def __init__(self, prepare: Callable[[], Work[Result]], size: int, piece: str) -> None:
        self._prepare, self._piece = prepare, piece
        self._workers: list[Worker] = []
        self._next: int | None = None
        self._again: list[range] = []
        self._done: dict[int, Result] = {}
        self._deaths: Counter[int] = Counter()
        for _ in range(size):
            self._hire()

    def result(self, numbers: range, last: int) -> Result:
        """What the function makes of `numbers`, or of the first of them: none beyond `last`, one alone after a loss.

        The next call goes on behind those that were done. Meanwhile workers do the numbers that follow, up to `last`.

        Raises:
            UserError: `LIVES` workers died at the same numbers.
            Exception: what the function raised, here or further on.
        """
        if self._next is None:
            self._next = numbers.start
        while numbers.start not in self._done:
            self._give_out(numbers, last)
            self._listen()
        return self._done.pop(numbers.start)

    def _give_out(self, numbers: range, last: int) -> None:
        assert self._next is not None
        end = min(last + 1, numbers.start + AHEAD * len(self._workers) * len(numbers))
        for worker in self._workers:
            if worker.task is not None:
                continue
            if self._again:
                worker.give(self._again.pop(0))
            elif self._next < end:
                # None beyond the last: what nobody asks for must not be able to fail.
                given = range(self._next, min(self._next + len(numbers), last + 1))
                worker.give(given)
                self._next = given.stop

    def _listen(self) -> None:
        """Wait for workers, and take what they say."""
        busy = {worker.pipe: worker for worker in self._workers if worker.task is not None}
        for pipe in connection.wait(list(busy)):
            worker = busy[pipe]  # type: ignore[index]
            numbers = worker.task
            try:
                self._done[numbers.start] = worker.answer()
            except Lost:
                self._replace(worker, numbers)

    def _replace(self, worker: "Worker", numbers: range) -> None:
        time.sleep(_PAUSE)
        self._workers.remove(worker)
        end = worker.end()
        self._deaths.update(numbers)
        where = f"{self._piece} {numbers[0]}" if len(numbers) == 1 else f"{self._piece}s {numbers[0]} to {numbers[-1]}"
        if self._deaths[numbers.start] >= LIVES:
            raise UserError(
                f"{LIVES} worker processes were lost at {where}, the last one {end}; where memory ran out, give the "
                "job more or take fewer workers; --threads 1 works without any, and the same command goes on"
            )
        print(f"a worker process was lost at {where} ({end}); a new one takes over", file=sys.stderr, flush=True)
        # One by one: it will be seen which of them it is.
        self._again += [range(number, number + 1) for number in numbers]
        self._hire()

    def _hire(self) -> None:
        worker = Worker(self._prepare)
        # Known before it runs: whatever interrupts the start, the end of the block ends it.
        self._workers.append(worker)
        worker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()


class Worker:
    """A process with one thread of arithmetic, the pipe to it, and what it works on.

    It hears neither Ctrl-C nor SIGTERM, which terminals and clusters send to all processes of a job: the one that
    started it hears them, and may want to save something before it ends its workers.

    Args:
        prepare: makes, in the process, the function that answers what is given; picklable, like questions and answers.
    """

    def __init__(self, prepare: Callable[[], Callable[[Any], Any]]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, self._far_end = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(prepare, self._far_end), daemon=True)
        self.task: Any = None

    def start(self) -> None:
        """Start the process; `end` ends it, even where this was interrupted."""
        with _one_thread(), _without_signals():
            self.process.start()
        # Ours closed, the pipe ends with the process.
        self._far_end.close()

    def give(self, task: Any) -> None:
        """Have it work on this (not None); `answer` waits for what comes out."""
        self.task = task
        with contextlib.suppress(OSError):  # it is dead, which whoever listens to it will hear
            self.pipe.send(task)

    def answer(self) -> Any:
        """What came out.

        Raises:
            Lost: the process is dead.
            Exception: what the function raised.
        """
        try:
            fault, result = self.pipe.recv()
        except (EOFError, OSError) as gone:
            raise Lost from gone
        if fault is not None:
            raise fault
        self.task = None
        return result

    def end(self) -> str:
        """Kill the process, unless it is dead, and wait for it; how it ended."""
        self.pipe.close()
        if self.process.pid is None:
            return "before its start"
        self.process.kill()
        self.process.join()
        code = self.process.exitcode
        assert code is not None
        self.process.close()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _work(prepare: Callable[[], Callable[[Any], Any]], pipe: connection.Connection) -> None:
    """What a worker does: answers (fault, result) to what it is given, until one is a fault or the pipe closes."""
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    try:
        work = prepare()
        while (task := _received(pipe)) is not None:
            pipe.send((None, work(task)))
    except Exception as fault:
        fault.add_note(f"In a worker process:\n{traceback.format_exc()}")
        with contextlib.suppress(OSError):
            pipe.send((_portable(fault), None))


def _received(pipe: connection.Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


def _leave_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _portable(fault: Exception) -> Exception:
    """The fault itself where it survives a pipe, else one that says the same."""
    try:
        ForkingPickler.loads(ForkingPickler.dumps(fault))
        return fault
    except Exception:
        said = RuntimeError(f"{type(fault).__name__}: {fault}")
        said.add_note(fault.__notes__[-1])
        return said


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in the block compute and draw with one thread: libraries read it while they are loaded."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    """Processes started in the block do not hear Ctrl-C and SIGTERM; those sent to us come after the block."""
    resource_tracker.ensure_running()  # or the first start would begin it, which lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
