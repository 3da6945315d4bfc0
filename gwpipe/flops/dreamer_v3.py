"""What one update of DreamerV3 costs, counted on its real loss."""

import torch

from gwpipe.agents.dreamer_v3 import SIZES, Batch, DreamerV3, Noise
from gwpipe.agents.dreamer_v3_images import ImageNet
from gwpipe.agents.dreamer_v3_rssm import VARIABLES, Latent
from gwpipe.agents.policies import Policy
from gwpipe.agents.returns import no_spread
from gwpipe.flops import paper
from gwpipe.flops.counter import count_flops
from gwpipe.flops.extrapolation import extrapolate

CONTEXT = 1
"""Rows of the printed batch length that only give the first latent."""


def meta_model(size: str, resolution: int, vector: int, policy: Policy, image_net: ImageNet = "strided") -> DreamerV3:
    """DreamerV3 of a size of `SIZES` on the meta device: shapes without numbers."""
    with torch.device("meta"):
        return DreamerV3(SIZES[size], resolution, vector, policy, image_net)


def update_flops(size: str, env: str, resolution: int, vector: int, policy: Policy) -> int:
    """Operations of one update, forward and backward, with the paper's batch (Table XX)."""
    model = meta_model(size, resolution, vector, policy)
    printed = paper.hyperparameters()
    batch_size, rows = printed["XX", env, "batch_size"], printed["XX", env, "batch_length"] - CONTEXT
    imagined = printed["XX", env, "imagination_length"]
    return extrapolate(lambda length, horizon: counted(model, batch_size, length, horizon), rows, imagined)


def counted(model: DreamerV3, batch_size: int, length: int, horizon: int) -> int:
    """Operations of one update of `model` (on meta) on B × T rows with dreams of H steps from each."""
    batch, noise = _empty(model, batch_size, length, horizon)
    return count_flops(lambda: model.loss(batch, noise, no_spread("meta")).loss.backward())


def _empty(model: DreamerV3, batch_size: int, length: int, horizon: int) -> tuple[Batch, Noise]:
    rows, starts = (batch_size, length), batch_size * length
    latent = (VARIABLES, model.rssm.classes)
    with torch.device("meta"):
        flag = torch.zeros(rows, dtype=torch.bool)
        batch = Batch(
            start=Latent(torch.zeros(batch_size, model.rssm.deter), torch.zeros(batch_size, *latent)),
            image=torch.zeros(*rows, 3, model.resolution, model.resolution, dtype=torch.uint8),
            vector=torch.zeros(*rows, model.vector),
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
