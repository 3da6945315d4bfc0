"""Our training step of the workspace beside a plain transcription of the published procedure, in one process.

    python benchmarks/workspace_step.py [--threads 2] [--batch 2056] [--rounds 15] [--domains 2 3 4]

The transcription computes one loss after the other and, in each, one subset of domains after the other; every network
runs anew wherever a formula names it, and ReLU and AdamW have PyTorch's default settings. A second one goes subset by
subset and decodes each fused state once for all losses; the contrastive loss encodes anew. Both are written here, for
this comparison, and use nothing of our objective. Losses and gradients of all three must agree to 1e-5, or nothing is
reported. Steps of the three are timed in turns; a time is the median over the rounds.
"""

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

from gwpipe.workspace.fusion import Weights
from gwpipe.workspace.losses import contrastive
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace

SIZES = {"simple_shapes": {"latent": 10, "dim": 10, "hidden": 64, "layers": 4}}
SIZES["robodesk"] = {"latent": 40, "dim": 76, "hidden": 512, "layers": 3}
"""Tables VII and VIII."""
GOALS = {"simple_shapes": 3.0, "robodesk": 1.4}
COEFFICIENTS = {"dcy": 1.0, "cy": 1.0, "tr": 1.0, "fusion": 1.0, "cont": 0.1}
"""Table IX, GW."""
TOLERANCE = 1e-5

Latents = dict[str, Tensor]
Mix = Callable[[int, tuple[str, ...]], Tensor]
"""Rows and domains → fusion weights (rows, n)."""


def random_mix(rows: int, names: tuple[str, ...]) -> Tensor:
    """softmax(U / 0.2)."""
    return torch.softmax(torch.rand(rows, len(names)) / 0.2, 1)


class Transcription:
    """The published procedure, written down as its formulas are."""

    def __init__(self, workspace: Workspace, u: Latents, mix: Mix) -> None:
        self.workspace, self.u, self.mix = workspace, u, mix
        self.names = tuple(u)
        self.subsets = [s for n in range(1, len(u) + 1) for s in combinations(self.names, n)]

    def encode(self, latents: Latents) -> Latents:
        return {x: self.workspace.encoders[x](value) for x, value in latents.items()}

    def decode(self, z: Tensor, names: Iterator[str] | tuple[str, ...]) -> Latents:
        return {x: self.workspace.decoders[x](z) for x in names}

    def fuse(self, pre: Latents) -> Tensor:
        names = tuple(pre)
        if len(names) == 1:
            return torch.tanh(pre[names[0]])
        weights = self.mix(len(pre[names[0]]), names)
        fused = sum(weights[:, i : i + 1] * pre[x] for i, x in enumerate(names))
        return torch.tanh(fused)  # type: ignore[arg-type]

    def state(self, names: tuple[str, ...]) -> Tensor:
        return self.fuse(self.encode({x: self.u[x] for x in names}))

    def others(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(x for x in self.names if x not in names)

    def error(self, decoded: Latents) -> list[Tensor]:
        return [functional.mse_loss(value, self.u[x]) for x, value in decoded.items()]

    def demi_cycle(self) -> Tensor:
        return mean(e for x in self.names for e in self.error(self.decode(self.state((x,)), (x,))))

    def translation(self) -> Tensor:
        return mean(
            e for s in self.subsets if self.others(s) for e in self.error(self.decode(self.state(s), self.others(s)))
        )

    def fusion(self) -> Tensor:
        return mean(e for s in self.subsets if len(s) > 1 for e in self.error(self.decode(self.state(s), s)))

    def cycle(self) -> Tensor:
        errors = []
        for s in self.subsets:
            if self.others(s):
                away = self.decode(self.state(s), self.others(s))
                errors += self.error(self.decode(self.fuse(self.encode(away)), s))
        return mean(errors)

    def contrastive(self) -> Tensor:
        pre = {x: functional.normalize(z, dim=-1) for x, z in self.encode(self.u).items()}
        same = torch.arange(len(next(iter(pre.values()))))
        losses = []
        for x, y in combinations(pre, 2):
            logits = pre[x] @ pre[y].T / 0.07
            losses.append((functional.cross_entropy(logits, same) + functional.cross_entropy(logits.T, same)) / 2)
        return mean(losses)

    def by_loss(self, names: Iterable[str] = COEFFICIENTS) -> dict[str, Tensor]:
        """One loss after another: nothing is shared."""
        every = {"dcy": self.demi_cycle, "cy": self.cycle, "tr": self.translation, "fusion": self.fusion}
        every["cont"] = self.contrastive
        return {name: every[name]() for name in names}

    def by_subset(self) -> dict[str, Tensor]:
        """One subset after another: its fused state is decoded once for all losses."""
        errors: dict[str, list[Tensor]] = {"dcy": [], "tr": [], "fusion": [], "cy": []}
        for s in self.subsets:
            decoded = self.decode(self.state(s), self.names)
            for x, value in decoded.items():
                name = "tr" if x not in s else "dcy" if len(s) == 1 else "fusion"
                errors[name] += self.error({x: value})
            if self.others(s):
                back = self.fuse(self.encode({x: decoded[x] for x in self.others(s)}))
                errors["cy"] += self.error(self.decode(back, s))
        return {name: mean(found) for name, found in errors.items()} | {"cont": self.contrastive()}


def mean(values: Iterator[Tensor] | list[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean()


class Given(Selection):
    """The same weights for the same domains, so that two computations can be compared."""

    rule = "given"

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.mix = mix

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        weights = self.mix(len(next(iter(pre.values()))), tuple(pre))
        return {x: weights[:, i : i + 1] for i, x in enumerate(pre)}


def make(size: dict[str, int], domains: int, batch: int) -> tuple[Workspace, Latents]:
    """A workspace and a batch of paired latents."""
    torch.manual_seed(0)
    names = [f"d{i}" for i in range(domains)]
    workspace = Workspace(dict.fromkeys(names, size["latent"]), size["dim"], size["hidden"], size["layers"])
    return workspace, {x: torch.randn(batch, size["latent"]) for x in names}


def with_default_relu(workspace: Workspace) -> Workspace:
    """A copy of the same parameters whose ReLUs do not write over what they are given, as PyTorch's do not."""
    copied = copy.deepcopy(workspace)
    for module in copied.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    return copied


def total(losses: dict[str, Tensor]) -> Tensor:
    return sum((COEFFICIENTS[name] * value for name, value in losses.items()), torch.zeros(()))


def ours(workspace: Workspace, u: Latents, mixing: Selection, coefficients: dict[str, float] | None = None) -> Tensor:
    return workspace_losses(workspace, {tuple(u): u}, mixing, coefficients or COEFFICIENTS)[0]


def disagreement(workspace: Workspace, u: Latents) -> float:
    """The largest difference of any loss or gradient between ours and the transcriptions, by their size.

    Gradients are compared parameter by parameter, by the largest entry of the parameter's gradient.
    """
    batch = len(next(iter(u.values())))
    drawn = {s: random_mix(batch, s) for n in range(2, len(u) + 1) for s in combinations(u, n)}

    def mix(rows: int, names: tuple[str, ...]) -> Tensor:
        return drawn[names]

    transcription, worst = Transcription(workspace, u, mix), 0.0
    expected, found = workspace_losses(workspace, {tuple(u): u}, Given(mix), COEFFICIENTS)
    gradients = torch.autograd.grad(expected, list(workspace.parameters()))
    for procedure in (transcription.by_loss, transcription.by_subset):
        losses = procedure()
        worst = max(worst, *(float((found[k] - v.detach()).abs() / v.detach().abs()) for k, v in losses.items()))
        theirs = torch.autograd.grad(total(losses), list(workspace.parameters()))
        worst = max(worst, *(float((a - b).abs().max() / b.abs().max()) for a, b in zip(gradients, theirs)))
    return worst


def passes(workspace: Workspace, u: Latents, loss: Callable[[], object]) -> tuple[int, int]:
    """Passes of a whole batch through an encoder, and through a decoder."""
    counts = []
    for networks in (workspace.encoders, workspace.decoders):
        rows: list[int] = []
        hooks = [
            n.register_forward_hook(lambda _m, x, _y, rows=rows: rows.append(len(x[0]))) for n in networks.values()
        ]
        with torch.no_grad():
            loss()
        for hook in hooks:
            hook.remove()
        counts.append(sum(rows) // len(next(iter(u.values()))))
    return counts[0], counts[1]


def step(loss: Callable[[], Tensor], optimiser: torch.optim.Optimizer) -> Callable[[], None]:
    """Forward, backward and update."""

    def run() -> None:
        found = loss()
        optimiser.zero_grad()
        found.backward()
        optimiser.step()

    return run


def medians(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each, in turns, after two rounds that do not count."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(rounds + 2):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if k >= 2:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def report(title: str, domains: int, batch: int, rounds: int) -> bool:
    """Time one size and print it; False where the computations disagree."""
    workspace, u = make(SIZES[title], domains, batch)
    worst = disagreement(workspace, u)
    print(f"\n{title}, {domains} domains: losses and gradients agree to {worst:.1e}", flush=True)
    if not worst <= TOLERANCE:
        print(f"  not within {TOLERANCE:.0e}: nothing to compare")
        return False
    transcription, mixing = Transcription(with_default_relu(workspace), u, random_mix), Random(0.2)
    losses: dict[str, Callable[[], Tensor]] = {
        "ours": lambda: ours(workspace, u, mixing),
        "one loss after another": lambda: total(transcription.by_loss()),
        "one subset after another": lambda: total(transcription.by_subset()),
    }
    mine = torch.optim.AdamW(workspace.parameters(), lr=1e-4, fused=True)
    plain = torch.optim.AdamW(transcription.workspace.parameters(), lr=1e-4)
    steps = {name: step(loss, mine if name == "ours" else plain) for name, loss in losses.items()}
    took = medians(steps, rounds)
    for name, seconds in took.items():
        encoders, decoders = passes(workspace if name == "ours" else transcription.workspace, u, losses[name])
        told = f"{seconds / took['ours']:5.2f} x" if name != "ours" else ""
        print(
            f"  {name:25} {encoders:3} + {decoders:3} passes {1e3 * seconds:8.1f} ms"
            f" {batch / seconds:9.0f} samples/s {told}",
            flush=True,
        )
    if domains == 2:
        parts(workspace, u, transcription, rounds)
        gain, goal = took["one loss after another"] / took["ours"], GOALS[title]
        print(f"  goal {goal} x: {'reached' if gain >= goal else 'missed'} ({gain:.2f} x)")
    return True


def parts(workspace: Workspace, u: Latents, plain: Transcription, rounds: int) -> None:
    """Where the gain comes from: forward and backward of each part alone, and the optimiser alone."""
    mixing, without = Random(0.2), {name: value for name, value in COEFFICIENTS.items() if name != "cont"}
    pre = {x: torch.randn(len(value), workspace.dim, requires_grad=True) for x, value in u.items()}
    aligned = Transcription(workspace, pre, random_mix)
    aligned.encode = lambda latents: latents  # type: ignore[method-assign]
    fused = torch.optim.AdamW(workspace.parameters(), lr=1e-4, fused=True)
    default = torch.optim.AdamW(workspace.parameters(), lr=1e-4)
    runs: dict[str, Callable[[], object]] = {
        "networks": lambda: ours(workspace, u, mixing, without).backward(),
        "networks, plain": lambda: total(plain.by_loss(without)).backward(),
        "contrast": lambda: contrastive([pre]).backward(),
        "contrast, plain": lambda: aligned.contrastive().backward(),
        "optimiser": fused.step,
        "optimiser, plain": default.step,
    }
    took = medians(runs, rounds)
    for name in ("networks", "contrast", "optimiser"):
        before, after = 1e3 * took[f"{name}, plain"], 1e3 * took[name]
        print(f"    {name:12} {before:8.1f} -> {after:7.1f} ms  saves {before - after:7.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=2056)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--domains", nargs="+", type=int, default=[2, 3, 4])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads, batch {arguments.batch}, all five losses")
    agreed = [report(t, n, arguments.batch, arguments.rounds) for t in arguments.sizes for n in arguments.domains]
    sys.exit(0 if all(agreed) else 1)


if __name__ == "__main__":
    main()
