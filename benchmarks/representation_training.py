"""Samples/s of VAE and workspace training, and how well the trained representation shows what an agent needs.

    python benchmarks/representation_training.py speed [--threads 1]
    python benchmarks/representation_training.py quality --results results/default [--rows 4000]

`speed` trains each part for a few steps at the sizes of config.yaml and of the paper, on random inputs. `quality` reads
a trained Simple Shapes representation and prints, for z at several fusion weights, what a small network reads out of it
on unseen shapes: position in px, rotation in degrees.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.domain import VAE, Domain
from gwpipe.domains.vae import beta_vae_loss, decoder_loss
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.representations import load_representation
from gwpipe.settings.config import ENVIRONMENTS, Config, load
from gwpipe.settings.representation import LossWeights, VAESettings, WorkspaceSettings
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.training import make_workspace

PAPER = Path("workflow/scales/paper.yaml")


def rate(module: nn.Module, loss_of: Callable[[], Tensor], batch: int, seconds: float = 5.0) -> float:
    """Samples/s of forward, backward and AdamW."""
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-4, fused=True)
    steps, began = -1, 0.0
    while steps < 1 or time.perf_counter() - began < seconds:
        if steps == 0:
            began = time.perf_counter()
        loss = loss_of()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
    return steps * batch / (time.perf_counter() - began)


def speed_of_vae(env: str, name: str, settings: VAESettings, batch: int) -> float:
    """Samples/s of one VAE."""
    domain = make_domain(env, name, settings).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x, noise = random_inputs(env, domain, batch), torch.randn(batch, settings.latent)
    if isinstance(domain, VAE):
        return rate(domain, lambda: beta_vae_loss(domain, x, noise, settings.beta, settings.precision)[0], batch)
    return rate(domain, lambda: decoder_loss(domain, x, noise, settings.precision)[0], batch)


def speed_of_workspace(domains: dict[str, int], settings: WorkspaceSettings, losses: LossWeights, batch: int) -> float:
    """Samples/s of one workspace."""
    workspace = make_workspace(domains, settings)
    u = {name: torch.randn(batch, latent) for name, latent in domains.items()}
    groups, mixing = {tuple(u): u}, Random(settings.fusion_temperature)
    return rate(workspace, lambda: workspace_losses(workspace, groups, mixing, losses.model_dump())[0], batch)


def speed(config: Config, title: str, batch_limit: int) -> None:
    """Every VAE and workspace of a configuration; at most `batch_limit` samples a batch."""
    for env in ENVIRONMENTS:
        block = config.environments[env].representation
        latents = {name: vae.latent for name, vae in block.seen.items()}
        for name, vae in block.vae.items():
            batch = min(vae.optimisation.batch_size, batch_limit)
            found = speed_of_vae(env, name, vae, batch)
            print(f"{title:8} {env:14} vae {name:5} batch {batch:5} {found:10.0f} samples/s", flush=True)
        for kind, losses in block.workspace.kinds.items():
            batch = min(block.workspace.optimisation.batch_size, batch_limit)
            found = speed_of_workspace(latents, block.workspace, losses, batch)
            print(f"{title:8} {env:14} {kind:9} batch {batch:5} {found:10.0f} samples/s", flush=True)


def random_inputs(env: str, domain: Domain, batch: int) -> Tensor:
    """Inputs of observations drawn at random; in Simple Shapes, of random shapes."""
    rng = np.random.default_rng(0)
    if env == "simple_shapes":
        raw = np.stack([sample_attributes(rng) for _ in range(batch)])
        shown = draw(raw) if domain.observation == "image" else normalise(raw)
    elif domain.observation == "image":
        shown = rng.integers(0, 256, (batch, 64, 64, 3), dtype=np.uint8)
    else:
        shown = rng.standard_normal((batch, 76)).astype(np.float32)
    return domain.inputs(domain.tensor(domain.prepare(shown)))


def read_out(features: Tensor, raw: np.ndarray, unseen: int, steps: int = 3000) -> str:
    """Errors of a two-layer network from `features` (N, d) to position and rotation, on the last `unseen` rows."""
    torch.manual_seed(0)
    turned = np.stack([np.cos(raw[:, 4]), np.sin(raw[:, 4])], 1)
    target = torch.from_numpy(np.concatenate([(raw[:, 1:3] - 16) / 8, turned], 1)).float()
    features = (features - features.mean(0)) / (features.std(0) + 1e-4)
    network = nn.Sequential(
        nn.Linear(features.shape[1], 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 4)
    )
    optimiser = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(raw) - unseen, (256,))
        loss = (network(features[rows]) - target[rows]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        found, true = network(features[-unseen:]), target[-unseen:]
    pixels = 8 * (found[:, :2] - true[:, :2]).norm(dim=1)
    angle = torch.atan2(found[:, 3], found[:, 2]) - torch.atan2(true[:, 3], true[:, 2])
    degrees = torch.rad2deg(torch.remainder(angle + torch.pi, 2 * torch.pi) - torch.pi).abs()
    numbers = [pixels.square().mean().sqrt(), pixels.median(), degrees.median(), degrees.quantile(0.9)]
    return "{:8.2f} {:8.2f} {:8.1f} {:8.1f}".format(*(number.item() for number in numbers))


def quality(results: Path, rows: int) -> None:
    """What can be read out of a trained Simple Shapes representation."""
    home = results / "simple_shapes"
    rng = np.random.default_rng(1)
    raw = np.stack([sample_attributes(rng) for _ in range(5 * rows)])
    observations: dict[str, np.ndarray] = {"image": draw(raw), "attributes": normalise(raw)}
    vaes = {name: home / "vae" / name / "weights.safetensors" for name in ("v", "attr")}
    print(f"{'':24} {'px rms':>8} {'px med':>8} {'deg med':>8} {'deg 90%':>8}")
    for kind in ("gw", "clip", "vaes"):
        workspace = None if kind == "vaes" else home / "workspace" / kind / "weights.safetensors"
        representation = load_representation(vaes, workspace)
        parts = [
            representation.encode({name: value[k : k + 500] for name, value in observations.items()})
            for k in range(0, len(raw), 500)
        ]
        u = {name: torch.cat([part[name] for part in parts]) for name in vaes}
        for weights in (representation.default_weights, {"v": 1.0}, {"attr": 1.0}):
            title = f"{kind} " + " ".join(f"{name} {weight:g}" for name, weight in weights.items())
            print(f"{title:24} {read_out(representation.fuse(u, weights), raw, rows)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "quality"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-limit", type=int, default=256, help="largest batch of `speed`")
    parser.add_argument("--results", type=Path, default=Path("results/default"))
    parser.add_argument(
        "--rows", type=int, default=4000, help="unseen shapes of `quality`; four times as many are seen"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.what == "quality":
        quality(arguments.results, arguments.rows)
    else:
        speed(load([Path("config.yaml")]), "default", arguments.batch_limit)
        speed(load([Path("config.yaml"), PAPER]), "paper", arguments.batch_limit)


if __name__ == "__main__":
    main()
