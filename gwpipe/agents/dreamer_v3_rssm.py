"""DreamerV3's recurrent state-space model: a block GRU and a categorical latent."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3_layers import BLOCKS, EPSILON, BlockLinear, dense, linear

VARIABLES = 32
"""Categorical variables of the latent."""
UNIMIX = 0.01
"""Share of the uniform distribution in every categorical."""


class Latent(NamedTuple):
    """State of the model: `deter` (..., D) and `stoch` (..., 32, classes), one-hot with straight-through gradients."""

    deter: Tensor
    stoch: Tensor

    @property
    def features(self) -> Tensor:
        """(..., D + 32·classes): what every head reads."""
        return torch.cat([self.deter, self.stoch.flatten(-2)], -1)

    def detach(self) -> "Latent":
        """The same without gradient."""
        return Latent(self.deter.detach(), self.stoch.detach())


class Observed(NamedTuple):
    """Latents of a sequence, and the log-probabilities that the losses compare, (B, T, 32, classes)."""

    latent: Latent
    posterior: Tensor
    prior: Tensor


def log_probabilities(logits: Tensor) -> Tensor:
    """(..., classes) log of the softmax mixed with 1 % of the uniform distribution."""
    return ((1 - UNIMIX) * logits.softmax(-1) + UNIMIX / logits.shape[-1]).log()


def straight_through(log_probs: Tensor, noise: Tensor) -> Tensor:
    """One-hot sample by Gumbel `noise`, whose gradient is that of the probabilities; all (..., classes)."""
    chosen = functional.one_hot((log_probs + noise).argmax(-1), log_probs.shape[-1]).to(log_probs.dtype)
    probabilities = log_probs.exp()
    return chosen + probabilities - probabilities.detach()


class RSSM(nn.Module):
    """(deter, stoch, action) → deter'; posterior from [deter', tokens], prior from deter'."""

    def __init__(self, deter: int, hidden: int, classes: int, tokens: int, actions: int) -> None:
        super().__init__()
        self.deter, self.classes = deter, classes
        logits = VARIABLES * classes
        self.read_deter = dense(deter, hidden, 1)
        self.read_stoch = dense(logits, hidden, 1)
        self.read_action = dense(actions, hidden, 1)
        joined = deter + BLOCKS * 3 * hidden
        self.mix = nn.Sequential(BlockLinear(joined, deter), nn.RMSNorm(deter, eps=EPSILON), nn.SiLU())
        self.gates = BlockLinear(deter, 3 * deter)
        self.posterior = nn.Sequential(*dense(deter + tokens, hidden, 1), linear(hidden, logits))
        self.prior = nn.Sequential(*dense(deter, hidden, 2), linear(hidden, logits))

    def core(self, latent: Latent, action: Tensor) -> Tensor:
        """deter' (B, D) from the latent before and the action (B, A) chosen there."""
        bounded = action / action.abs().clamp(min=1).detach()
        inputs = [self.read_deter(latent.deter), self.read_stoch(latent.stoch.flatten(-2)), self.read_action(bounded)]
        every_block = torch.cat(inputs, -1).unsqueeze(-2).expand(-1, BLOCKS, -1)
        own = latent.deter.unflatten(-1, (BLOCKS, -1))
        mixed = self.mix(torch.cat([own, every_block], -1).flatten(-2))
        # Each block of the gates' layer holds reset, candidate and update of its own slice of deter.
        reset, candidate, update = (
            gate.flatten(-2) for gate in self.gates(mixed).unflatten(-1, (BLOCKS, -1)).chunk(3, -1)
        )
        candidate = (reset.sigmoid() * candidate).tanh()
        update = (update - 1).sigmoid()
        return update * candidate + (1 - update) * latent.deter

    def _log_probs(self, network: nn.Module, x: Tensor) -> Tensor:
        return log_probabilities(network(x).unflatten(-1, (VARIABLES, self.classes)))

    def observe(self, start: Latent, tokens: Tensor, before: Tensor, is_first: Tensor, noise: Tensor) -> Observed:
        """Follow a sequence.

        Args:
            start: (B, ...), latent of the row before the first.
            tokens: (B, T, E), the encoded observations.
            before: (B, T, A), the action that led to each row.
            is_first: (B, T), bool; latent and action before such a row count as zero.
            noise: (B, T, 32, classes), Gumbel.
        """
        latent, deters, stochs, posteriors = start, [], [], []
        for t in range(tokens.shape[1]):
            keep = (~is_first[:, t]).to(tokens.dtype).unsqueeze(-1)
            latent = Latent(latent.deter * keep, latent.stoch * keep.unsqueeze(-1))
            deter = self.core(latent, before[:, t] * keep)
            posterior = self._log_probs(self.posterior, torch.cat([deter, tokens[:, t]], -1))
            latent = Latent(deter, straight_through(posterior, noise[:, t]))
            deters.append(deter)
            stochs.append(latent.stoch)
            posteriors.append(posterior)
        deter = torch.stack(deters, 1)
        prior = self._log_probs(self.prior, deter)
        return Observed(Latent(deter, torch.stack(stochs, 1)), torch.stack(posteriors, 1), prior)

    def dream(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """The next latent without an observation; action (N, A), noise (N, 32, classes)."""
        deter = self.core(latent, action)
        return Latent(deter, straight_through(self._log_probs(self.prior, deter), noise))
