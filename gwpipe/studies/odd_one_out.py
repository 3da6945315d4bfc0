"""The odd-one-out task: of three shapes two share an attribute that the third has not. Which one is it?

Everything else differs between all three, so one must know every attribute and see which of them is shared.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.domains.batches import Batches
from gwpipe.domains.fit import Run, fit
from gwpipe.domains.mlp import mlp
from gwpipe.seeding import derive, numpy_generator
from gwpipe.settings.workspace_studies import ProbeSettings
from gwpipe.studies.attribute_errors import row_errors
from gwpipe.studies.fresh_shapes import sample_raw
from gwpipe.studies.incongruent import LEAST_APART

PARTS = {"class": [0], "position": [1, 2], "size": [3], "rotation": [4], "colour": [5, 6, 7]}
"""Attribute → its columns in raw attributes."""
CHANCE = 100 / 3


@dataclass(frozen=True)
class Triplets:
    """N tasks."""

    raw: npt.NDArray[np.float64]
    """(N, 3, 8) raw attributes of the stimuli."""
    odd: npt.NDArray[np.int64]
    """(N,), which of the three is the odd one."""
    shared: npt.NDArray[np.str_]
    """(N,), the attribute that the other two share."""


def draw_triplets(count: int, *stream: str | int) -> Triplets:
    """`count` tasks from the random stream named by `stream`; the shared attribute and the odd one's place are uniform.

    Attributes that are not shared differ by `incongruent.LEAST_APART` between all three, as the odd one's does.
    """
    rng = numpy_generator(*stream)
    shared = rng.choice(list(PARTS), size=count)
    raw = np.stack([sample_raw(rng, count) for _ in range(3)], 1)  # the odd one comes last for now
    for name, columns in PARTS.items():
        alike = shared == name
        waiting = np.arange(count)
        while len(waiting):
            fresh = np.stack([sample_raw(rng, len(waiting)) for _ in range(3)], 1)
            same = alike[waiting]
            fresh[same, 1] = fresh[same, 0]
            apart = [
                row_errors(fresh[:, a], fresh[:, b])[name] >= LEAST_APART[name] for a, b in ((0, 1), (0, 2), (1, 2))
            ]
            good = (apart[0] | same) & apart[1] & apart[2]
            raw[np.ix_(waiting[good], range(3), columns)] = fresh[good][:, :, columns]
            waiting = waiting[~good]
    odd = rng.integers(3, size=count)
    # Whoever stands where the odd one is to be changes places with it.
    order = np.tile(np.arange(3), (count, 1))
    order[np.arange(count), odd], order[:, 2] = 2, np.where(odd == 2, 2, odd)
    return Triplets(np.take_along_axis(raw, order[:, :, None], 1), odd, shared)


class Chooser(nn.Module):
    """Says how alike two stimuli are; the odd one is who is not of the most alike pair.

    One small MLP looks at all pairs, both ways round, so that no place among the three is favoured.

    Args:
        stimuli: (N, width) that entries are standardised by.
        hidden: units of each of two hidden layers.
        seed: of its weights.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, stimuli: Tensor, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive("odd one out", seed))
            self.network = mlp(3 * stimuli.shape[1], hidden, hidden, 1)
        self.register_buffer("centre", stimuli.mean(0))
        self.register_buffer("scale", stimuli.std(0).clamp(min=1e-3))

    def forward(self, stimuli: Tensor) -> Tensor:
        """(B, 3, width) to logits (B, 3), of which the odd one is."""
        x = (stimuli - self.centre) / self.scale
        first, second = x[:, [1, 0, 0]], x[:, [2, 2, 1]]  # the pair that each leaves out
        apart = (first - second).abs()
        both = torch.stack([torch.cat([first, second, apart], 2), torch.cat([second, first, apart], 2)])
        return self.network(both).mean(0).squeeze(-1)


def train_chooser(
    stimuli: Tensor, odd: npt.NDArray[np.int64], settings: ProbeSettings, seed: int, label: str
) -> Chooser:
    """A chooser of stimuli (N, 3, width), frozen, in evaluation mode. odd: (N,)."""
    chooser = Chooser(stimuli.flatten(0, 1), settings.hidden, seed)
    true = torch.from_numpy(odd)
    batches = Batches(len(stimuli), settings.optimisation.batch_size, derive("odd one out batches", seed))

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        at = torch.from_numpy(batches(step))
        loss = functional.cross_entropy(chooser(stimuli[at]), true[at])
        return loss, {"loss": loss.detach()}

    fit(chooser, loss_of, settings.optimisation, Run(seed, f"{label}, odd one out"))
    return chooser.requires_grad_(False)


@torch.no_grad()
def accuracies(chooser: Callable[[Tensor], Tensor], stimuli: Tensor, triplets: Triplets) -> dict[str, float]:
    """Share of right choices (%) among stimuli (N, 3, width): over all, and by the attribute that is shared."""
    right = chooser(stimuli).argmax(1).numpy() == triplets.odd
    found = {"all": float(100 * right.mean())}
    return found | {
        name: float(100 * right[triplets.shared == name].mean()) for name in PARTS if (triplets.shared == name).any()
    }
