"""Decisions a second of RoboDesk and milliseconds a picture, fast and exact, measured side by side in one run.

The exact picture is measured only where OpenGL (EGL or OSMesa) is installed. Run: python benchmarks/robodesk_drawing.py
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from gwpipe.envs.robodesk import RoboDesk
from gwpipe.envs.robodesk_opengl import available_backend


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Median wall time of one call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def measured(times: int, **settings: object) -> tuple[float, float, float]:
    """Seconds until the first observation, milliseconds a decision, milliseconds a picture (nan without pictures)."""
    start = time.perf_counter()
    env = RoboDesk(**settings)  # type: ignore[arg-type]
    env.reset(seed=0)
    begun = time.perf_counter() - start
    rng = np.random.default_rng(0)
    decision = milliseconds(lambda: env.step(rng.uniform(-1.0, 1.0, 5)), times)
    picture = milliseconds(env.render, times) if "image" in env.observe else float("nan")
    env.close()
    return begun, decision, picture


def difference(states: int) -> list[float]:
    """Mean absolute difference (0 to 255) of the two pictures of the same states."""
    fast, exact = RoboDesk(observe=("attributes",)), RoboDesk(observe=("attributes",), fidelity="exact")
    rng = np.random.default_rng(1)
    found = []
    for seed in range(states):
        exact.reset(seed=seed)
        fast.reset(seed=seed)
        for _ in range(4 * seed):
            action = rng.uniform(-1.0, 1.0, 5)
            exact.step(action)
            fast.step(action)
        found.append(float(np.abs(exact.render().astype(float) - fast.render().astype(float)).mean()))
    exact.close()
    return found


def main() -> None:
    """Print one line a setting."""
    backend = available_backend()
    rows: list[tuple[str, int, dict[str, object]]] = [
        ("no picture", 200, {"observe": ("attributes",)}),
        ("fast, first environment", 200, {}),
        ("fast, second environment", 200, {}),
    ]
    if backend is not None:
        rows.append((f"exact ({backend})", 12, {"fidelity": "exact"}))
    print(f"{'':28}{'start s':>9}{'decisions/s':>13}{'ms a picture':>14}")
    pictures = {}
    for name, times, settings in rows:
        begun, decision, picture = measured(times, **settings)
        pictures[name] = picture
        print(f"{name:28}{begun:9.2f}{1e3 / decision:13.1f}{picture:14.1f}")
    if backend is None:
        print("exact: not measured, no EGL or OSMesa library")
        return
    found = difference(6)
    print(
        f"exact / fast, time of a picture: {pictures[f'exact ({backend})'] / pictures['fast, second environment']:.1f}"
    )
    print(f"difference of the pictures, of 255: mean {np.mean(found):.2f}, worst {max(found):.2f}")


if __name__ == "__main__":
    main()
