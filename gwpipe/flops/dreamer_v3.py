"""What one update of DreamerV3 costs, counted on its real loss."""

import torch

from gwpipe.agents.dreamer_v3 import Batch, DreamerV3, Noise, Seen
from gwpipe.agents.dreamer_v3_rssm import VARIABLES, Latent
from gwpipe.agents.dreamer_v3_update import update_loss
from gwpipe.agents.policies import policy_for
from gwpipe.agents.returns import no_spread
from gwpipe.flops.counter import count_flops
from gwpipe.flops.extrapolation import extrapolate
from gwpipe.flops.shapes import Shapes
from gwpipe.settings.dreamer_v3 import DreamerV3Settings


def meta_model(settings: DreamerV3Settings, shapes: Shapes) -> DreamerV3:
    """The model that agents train, on the meta device: shapes without numbers."""
    with torch.device("meta"):
        return DreamerV3(settings, Seen(shapes.resolution, shapes.vector), policy_for(shapes.actions, 0.0))


def update_flops(settings: DreamerV3Settings, shapes: Shapes) -> int:
    """Operations of one update, forward and backward, with the batch of `settings`."""
    model = meta_model(settings, shapes)

    def counted(length: int, horizon: int) -> int:
        return counted_update(model, settings, length, horizon)

    return extrapolate(counted, settings.batch_length, settings.imagination_length)


def counted_update(model: DreamerV3, settings: DreamerV3Settings, length: int, horizon: int) -> int:
    """The same on B × `length` rows with dreams of `horizon` steps from each, every row and step counted."""
    batch, noise = _empty(model, settings.batch_size, length, horizon)
    return count_flops(lambda: update_loss(model, batch, noise, no_spread("meta"), settings).loss.backward())


def _empty(model: DreamerV3, batch_size: int, length: int, horizon: int) -> tuple[Batch, Noise]:
    rows, starts = (batch_size, length), batch_size * length
    latent = (VARIABLES, model.rssm.classes)
    resolution, vector = model.seen
    with torch.device("meta"):
        flag = torch.zeros(rows, dtype=torch.bool)
        batch = Batch(
            start=Latent(torch.zeros(batch_size, model.rssm.deter), torch.zeros(batch_size, *latent)),
            image=None if resolution is None else torch.zeros(*rows, 3, resolution, resolution, dtype=torch.uint8),
            vector=None if vector is None else torch.zeros(*rows, vector),
            before=torch.zeros(*rows, model.policy.size),
            reward=torch.zeros(rows),
            is_first=flag,
            is_last=flag,
            is_terminal=flag,
        )
        noise = Noise(
            posterior=torch.zeros(*rows, *latent),
            prior=torch.zeros(horizon, starts, *latent),
            action=torch.zeros(horizon, starts, model.policy.size),
        )
    return batch, noise
