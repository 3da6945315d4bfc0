"""Updates a second and peak memory of the dreaming agent, at the present scale's sizes and at the paper's.

    python benchmarks/agent_updates.py [--configfile FILE]... [--threads N] [--seconds S]

Each case runs in a process of its own, so that its peak memory is its own: an agent is built on random latents, its
replay buffer filled to the brim (100,000 rows), and updates are timed. No environment and no VAE runs.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import gymnasium
import numpy as np
import torch

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.representations import Representation
from gwpipe.settings import Config, load
from gwpipe.settings.agents import DreamingSettings

SPACES = {"simple_shapes": gymnasium.spaces.Discrete(7), "robodesk": gymnasium.spaces.Box(-1, 1, (5,))}
EPISODE_ROWS = 101


class RandomLatents(Representation):
    """Latents of the right widths that look at nothing."""

    bounded = True

    def __init__(self, domains: dict[str, int], dim: int) -> None:
        super().__init__({})
        self.domains, self.dim, self.default_weights = domains, dim, dict.fromkeys(domains, 0.5)

    def encode(self, observations: object) -> dict[str, torch.Tensor]:
        return {name: torch.randn(1, width) for name, width in self.domains.items()}

    def fuse(self, u: object, weights: object = None) -> torch.Tensor:
        return torch.rand(1, self.dim) * 2 - 1

    def decode(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: torch.randn(len(z), width) for name, width in self.domains.items()}

    def weights_of(self, domains: Iterable[str]) -> dict[str, float]:
        return dict.fromkeys(domains, 0.5)


def fill(agent: DreamingAgent) -> None:
    """Every row of the replay buffer, written as a checkpoint's would be."""
    state = agent.replay.state()
    capacity = agent.replay.capacity
    rows = np.arange(capacity) % EPISODE_ROWS
    columns = {name: torch.rand(capacity, *column.shape[1:]) for name, column in state["columns"].items()}
    columns |= {"is_first": torch.from_numpy(rows == 0), "is_last": torch.from_numpy(rows == EPISODE_ROWS - 1)}
    columns["is_terminal"] = columns["is_last"]
    agent.replay.load_state({**state, "sizes": [capacity], "columns": columns})


def measure(
    env: str, settings: DreamingSettings, domains: dict[str, int], dim: int, threads: int, seconds: float
) -> tuple[float, float]:
    """Updates a second, and the peak resident memory in GB."""
    torch.set_num_threads(threads)
    agent = DreamingAgent(RandomLatents(domains, dim), SPACES[env], settings, seed=0)
    fill(agent)
    agent.update()
    start, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds or count < 3:
        agent.update()
        count += 1
    return count / elapsed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Print one line a case."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--configfile", action="append", type=Path, default=[], help="laid over config.yaml")
    words.add_argument("--threads", type=int, default=1)
    words.add_argument("--seconds", type=float, default=10.0)
    chosen = words.parse_args()
    scales: list[Config] = [
        load([Path("config.yaml"), *chosen.configfile]),
        load([Path("config.yaml"), Path("workflow/scales/paper.yaml")]),
    ]
    print(f"{'env':14} {'scale':8} {'batch':>9} {'updates/s':>10} {'ms':>8} {'peak GB':>8}   threads: {chosen.threads}")
    for config in scales:
        for env in SPACES:
            study = getattr(config.environments, env)
            dreaming = study.agents.dreaming
            domains = {name: vae.latent for name, vae in study.representation.seen.items()}
            case = (env, dreaming, domains, study.representation.workspace.dim, chosen.threads, chosen.seconds)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rate, peak = pool.apply(measure, case)
            batch = f"{dreaming.batch_size}x{dreaming.batch_length}"
            print(f"{env:14} {config.scale:8} {batch:>9} {rate:10.2f} {1e3 / rate:8.1f} {peak:8.2f}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
