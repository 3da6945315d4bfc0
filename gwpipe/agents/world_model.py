"""The world model: a GRU over (z, a) and heads for next z, reward and done (Tables XI-XIII), and its loss."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.gru import ResettingGRU
from gwpipe.agents.mlp import mlp, scale_output
from gwpipe.agents.timing import Steps
from gwpipe.agents.two_hot import make_bins, two_hot_loss, two_hot_mean
from gwpipe.settings.agents import DreamingSettings


class WorldModel(nn.Module):
    """(h_t, z_t, a_t) → h_{t+1} → ẑ_{t+1}, r̂_{t+1}, d̂_{t+1}.

    The printed counts imply a Linear before the GRU, and reward and done heads that read [h, z]. At the paper's sizes:
    Simple Shapes GRU with that Linear 26,112, next z 650, reward 150,784 (256 bins), done 85,249; RoboDesk GRU
    6,297,600 and Linear 83,968, next z 826,444, reward 413,440, done 347,905.

    Args:
        z_dim: width of the representation.
        action_dim: width of an action vector.
        bounded: the representation lies in [-1, 1] (it ends with tanh), so that predictions must too.
    """

    bins: Tensor

    def __init__(self, z_dim: int, action_dim: int, settings: DreamingSettings, bounded: bool) -> None:
        super().__init__()
        hidden, normed = settings.gru_hidden, settings.normed
        self.residual, self.bounded = settings.z_head == "residual", bounded
        self.inputs = nn.Linear(z_dim + action_dim, settings.gru_input)
        self.gru = ResettingGRU(settings.gru_input, hidden)
        self.next_z = mlp(hidden, settings.z_hidden, z_dim, normed)
        if self.residual:
            scale_output(self.next_z, 0.0)
        self.reward = scale_output(mlp(hidden + z_dim, settings.head_hidden, settings.reward_bins, normed), 0.0)
        self.done = mlp(hidden + z_dim, settings.head_hidden, 1, normed)
        self.register_buffer("bins", make_bins(settings.reward_bins, settings.bin_limit), persistent=False)

    def _read(self, z: Tensor, action: Tensor) -> Tensor:
        """What the GRU is given (..., gru_input): actions as the environment takes them, cut at ±1."""
        return functional.relu(self.inputs(torch.cat([z, action.clamp(-1, 1)], -1)))

    def step(self, h: Tensor, z: Tensor, action: Tensor) -> Tensor:
        """h_{t+1} (B, H) from h_t (B, H), z_t (B, Z), a_t (B, A)."""
        return self.gru(self._read(z, action), h)

    def sequence(self, h0: Tensor, z: Tensor, action: Tensor, is_first: Tensor) -> tuple[Tensor, Tensor]:
        """h_t (without gradient) and h_{t+1} of each step, (B, L, H) both; h0 (B, H) belongs to the first row."""
        before, after = self.gru.sequence(self._read(z, action).transpose(0, 1), is_first.transpose(0, 1), h0)
        return before.transpose(0, 1), after.transpose(0, 1)

    def predict_z(self, next_h: Tensor, z: Tensor) -> Tensor:
        """ẑ_{t+1} (..., Z) from h_{t+1} (..., H) and z_t (..., Z), which the residual head adds to.

        The residual head is not clamped here, so that its error always has a gradient.
        """
        output = self.next_z(next_h)
        if self.residual:
            return z + output
        return output.tanh() if self.bounded else output

    def dream_z(self, next_h: Tensor, z: Tensor) -> Tensor:
        """ẑ_{t+1} as imagination uses it: inside the representation's range."""
        predicted = self.predict_z(next_h, z)
        return predicted.clamp(-1, 1) if self.bounded else predicted

    def predict_reward(self, next_h: Tensor, next_z: Tensor) -> Tensor:
        """(...,) expected r_{t+1} on arriving at (h_{t+1}, z_{t+1})."""
        return two_hot_mean(self.reward(torch.cat([next_h, next_z], -1)), self.bins)

    def predict_done(self, next_h: Tensor, next_z: Tensor) -> Tensor:
        """(...,) probability that the state (h_{t+1}, z_{t+1}) is terminal."""
        return self.done(torch.cat([next_h, next_z], -1)).squeeze(-1).sigmoid()


class WorldModelLoss(NamedTuple):
    """Scalars `loss` (weighted sum) and its parts, and the states along the way."""

    loss: Tensor
    z: Tensor
    reward: Tensor
    done: Tensor
    h: Tensor
    """(B, L, H), h_t of each row but the last, without gradient."""


def world_model_loss(model: WorldModel, steps: Steps, h0: Tensor, settings: DreamingSettings) -> WorldModelLoss:
    """Sect. II-B: squared error of z, error of the reward, binary cross entropy of done; means over valid steps.

    The reward's error is a two-hot cross entropy (its head has 256 outputs by the printed count), and z's is summed
    over the dimensions. Reward and done are judged at the z that really followed.

    Args:
        steps: (B, L, ...), see `timing.steps`.
        h0: (B, H), state before each chunk's first row.
    """
    before, next_h = model.sequence(h0, steps.z, steps.action, steps.is_first)
    arrived = torch.cat([next_h, steps.next_z], -1)
    share = steps.valid / steps.valid.sum().clamp(min=1)
    z_error = (model.predict_z(next_h, steps.z) - steps.next_z).square().sum(-1)
    reward_error = two_hot_loss(model.reward(arrived), steps.next_reward, model.bins)
    done_error = functional.binary_cross_entropy_with_logits(
        model.done(arrived).squeeze(-1), steps.next_done, reduction="none"
    )
    z, reward, done = (share * z_error).sum(), (share * reward_error).sum(), (share * done_error).sum()
    loss = settings.z_weight * z + settings.reward_weight * reward + settings.done_weight * done
    return WorldModelLoss(loss, z, reward, done, before)
