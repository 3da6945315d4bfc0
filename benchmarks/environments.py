"""Environment steps/s and decisions/s of both environments, one process: `python benchmarks/environments.py`."""

import resource
import time
from typing import Any

import gymnasium

from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.errors import UserError

CASES: dict[str, dict[str, Any]] = {
    "simple_shapes": {},
    "simple_shapes without pictures": {"observe": ("attributes",)},
    "robodesk fast": {"task": "push_green", "fidelity": "fast"},
    "robodesk exact": {"task": "push_green", "fidelity": "exact"},
    "robodesk without pictures": {"task": "push_green", "observe": ("attributes",)},
}
SECONDS = 5.0


def measure(env: gymnasium.Env) -> float:
    """Decisions/s of the random policy, resets included, after one warm-up episode's first steps."""
    env.action_space.seed(0)
    env.reset(seed=0)
    for _ in range(5):
        env.step(env.action_space.sample())
    start, decisions = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        decisions += 1
        if terminated or truncated:
            env.reset()
    return decisions / (time.perf_counter() - start)


if __name__ == "__main__":
    for name, kwargs in CASES.items():
        try:
            env = gymnasium.make(ENVIRONMENT_IDS[name.split()[0]], **kwargs)
        except UserError as missing:
            print(f"{name:32s} not measured: {missing}")
            continue
        rate, repeat = measure(env), env.unwrapped.action_repeat  # type: ignore[attr-defined]
        print(f"{name:32s} {rate:8.1f} decisions/s {rate * repeat:8.1f} environment steps/s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
