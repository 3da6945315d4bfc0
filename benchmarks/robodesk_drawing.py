"""RoboDesk's fast pictures beside the stock ones: `python benchmarks/robodesk_drawing.py`.

Both take turns in one process, so that they see the same machine; times are medians, of the processor, which other
programs hardly move, and of the clock. Then how many decisions two processes make of those that one makes, by the
clock: that needs two idle cores. The stock picture needs OpenGL (EGL or OSMesa); where Mesa draws it, in one thread.
"""

import functools
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from gwpipe.envs.robodesk import RoboDesk
from gwpipe.envs.robodesk_desk import Desk
from gwpipe.envs.robodesk_opengl import available_backend

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa reads it when it first draws
ROUNDS = 12
FAST_A_ROUND = 10
SECONDS = 15.0
READY = 20.0
"""Seconds until two new processes have loaded and baked a desk each."""


class Timed:
    """An environment, and what each of its decisions and pictures has taken: processor and wall time, ms."""

    def __init__(self, **settings: object) -> None:
        start = time.perf_counter()
        self.env = RoboDesk(**settings)  # type: ignore[arg-type]
        self.env.reset(seed=0)
        self.begun = time.perf_counter() - start
        self.rng = np.random.default_rng(0)
        self.decisions: list[tuple[float, float]] = []
        self.pictures: list[tuple[float, float]] = []

    def go(self, decisions: int) -> None:
        """So many decisions, then so many pictures."""
        for _ in range(decisions):
            self.decisions.append(taken(functools.partial(self.env.step, self.rng.uniform(-1.0, 1.0, 5))))
        for _ in range(decisions if "image" in self.env.observe else 0):
            self.pictures.append(taken(self.env.render))


def medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Of the processor's times and of the clock's."""
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Processor and wall time of one call, ms."""
    processor, wall = time.process_time(), time.perf_counter()
    work()
    return 1e3 * (time.process_time() - processor), 1e3 * (time.perf_counter() - wall)


def difference(states: int) -> list[float]:
    """Mean absolute difference (0 to 255) of the two pictures of the same states, two of each task's by turns."""
    found = []
    rng = np.random.default_rng(1)
    tasks = sorted(Desk("push_green", "dense", False).reward_functions)
    fast, exact = RoboDesk(observe=("attributes",)), RoboDesk(observe=("attributes",), fidelity="exact")
    fast.reset(seed=0)
    exact.reset(seed=0)
    for state in range(states):
        played = RoboDesk(task=tasks[state % len(tasks)], observe=("attributes",))
        played.reset(seed=state)
        for decision in range(int(rng.integers(0, 60))):
            if decision % 8 == 0:
                held = rng.uniform(-1.0, 1.0, 5)
            played.step(np.clip(held + 0.3 * rng.normal(size=5), -1.0, 1.0))
        for env in (fast, exact):
            env.desk.physics.data.qpos[:] = played.desk.physics.data.qpos
            env.desk.physics.forward()
        played.close()
        found.append(float(np.abs(exact.render().astype(float) - fast.render().astype(float)).mean()))
    fast.close()
    exact.close()
    return found


def rate(start: float) -> float:
    """Decisions a second of one process in SECONDS from `start` (wall clock).

    Raises:
        RuntimeError: the desk was not there in time.
    """
    env = RoboDesk()
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    env.step(rng.uniform(-1.0, 1.0, 5))
    if time.time() > start:
        raise RuntimeError("the machine is too busy to tell how two processes compare with one")
    time.sleep(start - time.time())
    made = 0
    while time.time() < start + SECONDS:
        env.step(rng.uniform(-1.0, 1.0, 5))
        made += 1
    env.close()
    return made / (time.time() - start)


def scaling() -> float:
    """Decisions a second of two processes at once, over those of one alone."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        alone = pool.map(rate, [time.time() + READY], chunksize=1)
        together = pool.map(rate, [time.time() + READY] * 2, chunksize=1)
    return sum(together) / alone[0]


def main() -> None:
    """Print one line a setting, and how they compare."""
    backend = available_backend()
    rows = {"no picture": Timed(observe=("attributes",)), "fast": Timed()}
    if backend is not None:
        rows[f"stock ({backend})"] = Timed(fidelity="exact")
    for _ in range(ROUNDS):
        for name, row in rows.items():
            row.go(1 if name.startswith("stock") else FAST_A_ROUND)
    print(f"{'':16}{'start s':>9}{'ms a decision':>16}{'(wall)':>9}{'ms a picture':>16}{'(wall)':>9}")
    for name, row in rows.items():
        cells = f"{name:16}{row.begun:9.2f}" + "{:16.1f}{:9.1f}".format(*medians(row.decisions))
        print(cells + ("{:16.1f}{:9.1f}".format(*medians(row.pictures)) if row.pictures else ""))
    if backend is None:
        print("stock: not measured, no EGL or OSMesa library")
    else:
        fast, stock = (medians(row.decisions) for name, row in rows.items() if name != "no picture")
        processor, wall = stock[0] / fast[0], stock[1] / fast[1]
        print(f"decisions, stock / fast: {processor:.1f} of the processor's time, {wall:.1f} of the clock's")
        found = difference(36)
        print(f"difference of the pictures in 36 states, of 255: mean {np.mean(found):.2f}, worst {max(found):.2f}")
    print(f"two processes make {scaling():.2f} times the decisions of one, by the clock")


if __name__ == "__main__":
    main()
