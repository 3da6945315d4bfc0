"""Workers that die, fail or lose their parent. This module is imported by each of them, so it imports little."""

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import pytest

from gwpipe.data.workers import AHEAD, LIVES, Crew
from gwpipe.errors import UserError


def squares(numbers: range) -> list[int]:
    return [number**2 for number in numbers]


def prepare_squares() -> Callable[[range], list[int]]:
    return squares


def prepare_deadly(folder: Path, times: int) -> Callable[[range], list[int]]:
    """Squares, but the number 5 kills the process, `times` times: each leaves a file in `folder`."""

    def work(numbers: range) -> list[int]:
        died = len(list(folder.iterdir()))
        if 5 in numbers and died < times:
            (folder / str(died)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return squares(numbers)

    return work


class Unportable(Exception):
    """Cannot be made anew from its message."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} is not {other}")


def prepare_faulty(fault: type[Exception]) -> Callable[[range], list[int]]:
    def work(numbers: range) -> list[int]:
        raise Unportable(1, 2) if fault is Unportable else fault("nothing works")

    return work


def prepare_surroundings() -> Callable[[range], tuple[str | None, ...]]:
    return lambda numbers: tuple(os.environ.get(name) for name in ("OMP_NUM_THREADS", "LP_NUM_THREADS"))


def results(crew: Crew[list[int]], step: int, end: int) -> list[int]:
    """Of all numbers below `end`, which are asked for `step` at a time."""
    found: list[int] = []
    while len(found) < end:
        found += crew.result(range(len(found), len(found) + step), end - 1)
    return found


@pytest.mark.parametrize("step", [1, 4])
def test_results_come_in_order_and_none_beyond_the_last(step: int) -> None:
    with Crew(prepare_squares, 2, "piece") as crew:
        assert results(crew, step, 30) == [number**2 for number in range(30)]
        assert not crew._done
    assert not active_children()


def test_workers_do_not_run_far_ahead() -> None:
    with Crew(prepare_squares, 2, "piece") as crew:
        crew.result(range(0, 1), 1000)
        time.sleep(0.5)
        crew.result(range(1, 2), 1000)
        assert crew._next is not None
        assert crew._next <= 1 + 2 * AHEAD


def test_lost_workers_are_replaced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Crew(functools.partial(prepare_deadly, tmp_path, LIVES - 1), 2, "piece") as crew:
        assert results(crew, 4, 10) == [number**2 for number in range(10)]
    told = [line for line in capfd.readouterr().err.splitlines() if "lost" in line]
    assert told == [
        "a worker process was lost at pieces 4 to 7 (killed by SIGKILL); a new one takes over",
        "a worker process was lost at piece 5 (killed by SIGKILL); a new one takes over",
    ]


def test_a_number_that_kills_again_and_again_ends_it(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=f"{LIVES} worker processes were lost at piece 5, the last one killed by"),
        Crew(functools.partial(prepare_deadly, tmp_path, LIVES), 2, "piece") as crew,
    ):
        results(crew, 1, 10)
    assert not active_children()


def test_workers_that_die_before_they_work_end_it() -> None:
    with (
        pytest.raises(UserError, match=f"{LIVES} worker processes were lost at piece 0, the last one with exit code 7"),
        Crew(functools.partial(os._exit, 7), 1, "piece") as crew,
    ):
        crew.result(range(0, 1), 0)


@pytest.mark.parametrize(
    ("fault", "raised", "message"),
    [
        (UserError, UserError, "nothing works"),
        (FloatingPointError, FloatingPointError, "nothing works"),
        (Unportable, RuntimeError, "Unportable: 1 is not 2"),
    ],
)
def test_a_worker_s_fault_is_ours(fault: type[Exception], raised: type[Exception], message: str) -> None:
    with (
        pytest.raises(raised) as caught,
        Crew(functools.partial(prepare_faulty, fault), 1, "piece") as crew,
    ):
        crew.result(range(0, 1), 0)
    assert str(caught.value) == message
    assert "in work" in caught.value.__notes__[0]


def test_each_worker_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("LP_NUM_THREADS", raising=False)
    with Crew(prepare_surroundings, 1, "piece") as crew:
        assert crew.result(range(0, 1), 0) == ("1", "1")
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "LP_NUM_THREADS" not in os.environ


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from gwpipe.data.workers import Crew

def work(numbers):
    Path(f"working-{os.getpid()}").touch()
    time.sleep(1000)

def prepare():
    return work

if __name__ == "__main__":
    # Where tests run in the background, a shell has them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Crew(prepare, 2, "piece") as crew:
        crew.result(range(0, 1), 10)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of their work, in which nobody looks at a pipe."""
    (tmp_path / "endless.py").write_text(SCRIPT)
    command = [sys.executable, "endless.py"]
    parent = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while len(list(tmp_path.glob("working-*"))) < 2:
        assert parent.poll() is None
        time.sleep(0.02)
    # A terminal sends Ctrl-C to all of them.
    os.killpg(parent.pid, number) if number == signal.SIGINT else parent.send_signal(number)
    # Ends when all that share standard error are gone.
    told = parent.communicate(timeout=30)[1]
    assert told.count("KeyboardInterrupt") == (number == signal.SIGINT)
    for path in tmp_path.glob("working-*"):
        assert not alive(int(path.name.removeprefix("working-")))


def alive(process: int) -> bool:
    """Is it there, and no zombie?"""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
