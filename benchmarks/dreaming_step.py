"""Our update of the dreaming agent beside a plain transcription of Algorithm 1, in one process.

    python benchmarks/dreaming_step.py [--configfile FILE]... [--threads 2] [--rounds 15]

The transcription (`algorithm1`) is what the equations say, written down in order, with PyTorch's default optimisers.
Losses and gradients of world model and of actor and critic must agree to 1e-5, or nothing is reported. Sizes: the
paper's, those of the files given, and between them their networks on the paper's batches. Updates of both are timed in
turns; a time is the median over the rounds.
"""

import argparse
import copy
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import torch
from algorithm1 import Transcription
from torch import Tensor
from torch.nn import functional

from gwpipe.agents.dreaming import (
    Batch,
    Networks,
    actor_critic_update_loss,
    build_networks,
    empty_batch,
    world_model_update_loss,
)
from gwpipe.agents.policies import CategoricalPolicy
from gwpipe.agents.returns import Spread, no_spread
from gwpipe.settings import load
from gwpipe.settings.agents import DreamingSettings

SPACES = {"simple_shapes": gymnasium.spaces.Discrete(7), "robodesk": gymnasium.spaces.Box(-1, 1, (5,))}
GOAL = 2.5
TOLERANCE = 1e-5


def random_batch(networks: Networks, settings: DreamingSettings, z_dim: int) -> Batch:
    """Chunks of episodes of 20 rows, all of whose columns are drawn."""
    empty = empty_batch(settings, z_dim, networks.policy.size, "cpu")
    size, rows = empty.chunk["reward"].shape
    generator = torch.Generator().manual_seed(0)
    place = (torch.arange(rows) + torch.randint(20, (size, 1), generator=generator)) % 20
    action = torch.rand(size, rows, networks.policy.size, generator=generator) * 2 - 1
    if isinstance(networks.policy, CategoricalPolicy):
        action = functional.one_hot(action.argmax(-1), networks.policy.size).float()
    chunk = {
        "z": torch.rand(size, rows, z_dim, generator=generator) * 2 - 1,
        "action": action,
        "reward": torch.randn(size, rows, generator=generator) * 5,
        "is_first": place == 0,
        "is_last": place == 19,
        "is_terminal": (place == 19) & (torch.rand(size, rows, generator=generator) < 0.5),
    }
    starts = torch.arange(size * (rows - 1))
    if settings.imagination_starts != "all":
        starts = starts[:: rows - 1]
    noise = networks.policy.noise((settings.imagination_length, len(starts)), generator)
    return Batch(chunk, empty.h0, starts, noise)


def shaken(networks: Networks) -> Networks:
    """Heads that begin at exactly zero would hide differences."""
    for network in networks[:2]:
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.data += 0.02 * torch.randn_like(parameter)
    return networks


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-12))


def disagreement(networks: Networks, batch: Batch, settings: DreamingSettings) -> float:
    """The largest difference of a loss or a parameter's gradient, by its largest entry; in float64."""
    networks = Networks(networks.world_model.double(), networks.actor_critic.double(), networks.policy)
    chunk = {name: value.double() if value.is_floating_point() else value for name, value in batch.chunk.items()}
    batch = Batch(chunk, batch.h0.double(), batch.starts, batch.noise.double())
    spread = Spread(*(value.double() for value in no_spread()))
    plain, worst = Transcription(networks, settings), 0.0
    model = world_model_update_loss(networks, batch, settings)
    loss, states = plain.world_model_loss(batch)
    theirs, _ = plain.actor_critic_loss(batch, states, spread)
    mine = actor_critic_update_loss(networks, batch, model.h, spread, settings).loss
    learning = [*networks.actor_critic.actor.parameters(), *networks.actor_critic.critic.parameters()]
    for found, expected, parameters in (
        (model.loss, loss, list(networks.world_model.parameters())),
        (mine, theirs, learning),
    ):
        worst = max(worst, relative(found.detach(), expected.detach()))
        pairs = zip(torch.autograd.grad(found, parameters), torch.autograd.grad(expected, parameters))
        worst = max(worst, *(relative(one, other) for one, other in pairs))
    return worst


Dreamt = Callable[[], tuple[Tensor, Spread]]
"""The loss of actor and critic and the new spread; called after the world model's step."""


def update(
    losses: Callable[[Spread], tuple[Tensor, Dreamt]], networks: Networks, settings: DreamingSettings, fused: bool
) -> Callable[[], None]:
    """A whole update: both losses, both backward passes, clipping, both optimisers, the slow critic."""
    learning = [*networks.actor_critic.actor.parameters(), *networks.actor_critic.critic.parameters()]
    options: dict[str, Any] = {"fused": True} if fused else {}
    world = torch.optim.AdamW(networks.world_model.parameters(), lr=1e-9, **options)
    agent = torch.optim.Adam(learning, lr=1e-9, **options)
    state = {"spread": no_spread()}

    def run() -> None:
        loss, dream = losses(state["spread"])
        _descend(world, loss, settings.max_gradient_norm)
        loss, state["spread"] = dream()
        _descend(agent, loss, settings.max_gradient_norm)
        if fused:
            networks.actor_critic.follow(settings.slow_rate)
            return
        for slow, fast in zip(
            networks.actor_critic.slow_critic.parameters(), networks.actor_critic.critic.parameters()
        ):
            slow.data = (1 - settings.slow_rate) * slow.data + settings.slow_rate * fast.data

    return run


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor, largest: float) -> None:
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], largest)
    optimiser.step()


def compare(title: str, env: str, settings: DreamingSettings, z_dim: int, rounds: int) -> bool:
    """Print one size; False where the computations disagree."""
    torch.manual_seed(0)
    networks = shaken(build_networks(settings, z_dim, not settings.standardised_z, SPACES[env]))
    batch = random_batch(networks, settings, z_dim)
    worst = disagreement(copy.deepcopy(networks), batch, settings)
    shape = (
        f"{settings.batch_size} × {settings.batch_length}, {len(batch.starts)} starts × {settings.imagination_length}"
    )
    print(f"\n{env}, {title} ({shape}): losses and gradients agree to {worst:.1e}", flush=True)
    if not worst <= TOLERANCE:
        print(f"  not within {TOLERANCE:.0e}: nothing to compare")
        return False
    other = copy.deepcopy(networks)
    plain = Transcription(other, settings)

    def ours(spread: Spread) -> tuple[Tensor, Dreamt]:
        model = world_model_update_loss(networks, batch, settings)

        def dream() -> tuple[Tensor, Spread]:
            found = actor_critic_update_loss(networks, batch, model.h, spread, settings)
            return found.loss, found.spread

        return model.loss, dream

    def theirs(spread: Spread) -> tuple[Tensor, Dreamt]:
        loss, states = plain.world_model_loss(batch)
        return loss, lambda: plain.actor_critic_loss(batch, states, spread)

    runs = {"ours": update(ours, networks, settings, True), "transcription": update(theirs, other, settings, False)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(rounds + 2):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if k >= 2:
                times[name].append(time.perf_counter() - began)
    took = {name: statistics.median(found) for name, found in times.items()}
    for name, seconds in took.items():
        print(f"  {name:15} {1e3 * seconds:8.1f} ms an update", flush=True)
    gain = took["transcription"] / took["ours"]
    print(f"  {gain:.2f} x; goal {GOAL} x: {'reached' if gain >= GOAL else 'missed'}", flush=True)
    return math.isfinite(gain)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", type=Path, action="append", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--envs", nargs="+", choices=list(SPACES), default=["simple_shapes"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads")
    root, agreed = Path(__file__).resolve().parents[1], []
    own = load([root / "config.yaml", *arguments.configfile])
    paper = load([root / "config.yaml", root / "workflow/scales/paper.yaml"])
    for env in arguments.envs:
        ours, printed = (config.environments[env].agents.dreaming for config in (own, paper))
        batches = {name: getattr(printed, name) for name in ("batch_size", "batch_length", "imagination_length")}
        sizes = {
            "paper's size": (paper, printed),
            "default networks on the paper's batches": (own, ours.model_copy(update=batches)),
            "default size": (own, ours),
        }
        for title, (config, settings) in sizes.items():
            dim = config.environments[env].representation.workspace.dim
            agreed.append(compare(title, env, settings, dim, arguments.rounds))
    sys.exit(0 if all(agreed) else 1)


if __name__ == "__main__":
    main()
