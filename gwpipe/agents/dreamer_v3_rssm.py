"""DreamerV3's recurrent state-space model: a block GRU and a categorical latent."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3_layers import BlockLinear, NormSiLU, dense, linear
from gwpipe.settings.dreamer_v3 import BLOCKS

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


def sample(log_probs: Tensor, noise: Tensor) -> Tensor:
    """One-hot sample by Gumbel `noise`, without gradient; all (..., classes)."""
    chosen = (log_probs.detach() + noise).argmax(-1, keepdim=True)
    return torch.zeros_like(noise).scatter_(-1, chosen, 1.0)


def straight_through(log_probs: Tensor, noise: Tensor) -> Tensor:
    """The same sample, whose gradient is that of the probabilities."""
    probabilities = log_probs.exp()
    # In this order a class that was not drawn is exactly zero.
    return sample(log_probs, noise) + (probabilities - probabilities.detach())


class RSSM(nn.Module):
    """(deter, stoch, action) → deter'; posterior from [deter', tokens], prior from deter'."""

    def __init__(self, deter: int, hidden: int, classes: int, tokens: int, actions: int) -> None:
        super().__init__()
        self.deter, self.classes = deter, classes
        logits = VARIABLES * classes
        self.read_deter = dense(deter, hidden, 1)
        self.read_stoch = dense(logits, hidden, 1)
        self.read_action = dense(actions, hidden, 1)
        self.mix = BlockLinear(deter + BLOCKS * 3 * hidden, deter)
        self.mixed = NormSiLU(deter)
        self.gates = BlockLinear(deter, 3 * deter)
        self.posterior_hidden = linear(deter + tokens, hidden)
        self.posterior = nn.Sequential(NormSiLU(hidden), linear(hidden, logits))
        self.prior = nn.Sequential(*dense(deter, hidden, 2), linear(hidden, logits))

    def actions(self, action: Tensor) -> Tensor:
        """What the core reads of actions (..., A) chosen in the row before: (..., hidden)."""
        return self.read_action(action / action.abs().clamp(min=1).detach())

    def mixing(self) -> "Mixing":
        """The weights of `mix`, cut so that what all blocks read is read once; good for one update."""
        weight, own = self.mix.weight, self.deter // BLOCKS
        return Mixing(weight[:, :own], weight[:, own:].transpose(0, 1).flatten(1))

    def core(self, latent: Latent, action: Tensor, mixing: "Mixing") -> Tensor:
        """deter' (B, D) from the latent before and the `actions` (B, hidden) chosen there."""
        inputs = [self.read_deter(latent.deter), self.read_stoch(latent.stoch.flatten(-2)), action]
        # Each block reads its own slice of deter and all of the inputs.
        slices = latent.deter.unflatten(-1, (BLOCKS, -1)).transpose(0, 1)
        own = torch.baddbmm(self.mix.bias, slices, mixing.own).transpose(0, 1).flatten(1)
        mixed = self.mixed(torch.addmm(own, torch.cat(inputs, -1), mixing.shared))
        # Each block of the gates' layer holds reset, candidate and update of its own slice of deter.
        reset, candidate, update = (
            gate.flatten(-2) for gate in self.gates(mixed).unflatten(-1, (BLOCKS, -1)).chunk(3, -1)
        )
        candidate = (reset.sigmoid() * candidate).tanh()
        return torch.lerp(latent.deter, candidate, (update - 1).sigmoid())

    def log_probs(self, logits: Tensor) -> Tensor:
        """(..., 32, classes) of a network's outputs (..., 32·classes)."""
        return log_probabilities(logits.unflatten(-1, (VARIABLES, self.classes)))

    def read_tokens(self, tokens: Tensor) -> Tensor:
        """The encoded observations' part (..., hidden) of the posterior's first layer, for all rows at once."""
        hidden = self.posterior_hidden
        return functional.linear(tokens, hidden.weight[:, self.deter :], hidden.bias)

    def posterior_of(self, deter: Tensor, tokens: Tensor) -> Tensor:
        """Log-probabilities (B, 32, classes) from deter (B, D) and `read_tokens` (B, hidden)."""
        hidden = torch.addmm(tokens, deter, self.posterior_hidden.weight[:, : self.deter].T)
        return self.log_probs(self.posterior(hidden))

    def see(self, before: Latent, action: Tensor, tokens: Tensor, noise: Tensor) -> Latent:
        """The latent of one observation while acting; all (B, ...), `before` and `action` zero in a first row."""
        deter = self.core(before, self.actions(action), self.mixing())
        return Latent(deter, sample(self.posterior_of(deter, self.read_tokens(tokens)), noise))

    def observe(self, start: Latent, tokens: Tensor, before: Tensor, is_first: Tensor, noise: Tensor) -> Observed:
        """Follow a sequence.

        Args:
            start: (B, ...), latent of the row before the first.
            tokens: (B, T, E), the encoded observations.
            before: (B, T, A), the action that led to each row.
            is_first: (B, T), bool; latent and action before such a row count as zero.
            noise: (B, T, 32, classes), Gumbel.
        """
        keep = (~is_first).to(tokens.dtype).unsqueeze(-1)
        actions, read, mixing = self.actions(before * keep), self.read_tokens(tokens), self.mixing()
        latent, deters, stochs, posteriors = start, [], [], []
        for t in range(tokens.shape[1]):
            latent = Latent(latent.deter * keep[:, t], latent.stoch * keep[:, t].unsqueeze(-1))
            deter = self.core(latent, actions[:, t], mixing)
            posterior = self.posterior_of(deter, read[:, t])
            latent = Latent(deter, straight_through(posterior, noise[:, t]))
            deters.append(deter)
            stochs.append(latent.stoch)
            posteriors.append(posterior)
        deter = torch.stack(deters, 1)
        prior = self.log_probs(self.prior(deter))
        return Observed(Latent(deter, torch.stack(stochs, 1)), torch.stack(posteriors, 1), prior)

    def dream(self, latent: Latent, action: Tensor, noise: Tensor, mixing: "Mixing") -> Latent:
        """The next latent without an observation; action (N, A), noise (N, 32, classes)."""
        deter = self.core(latent, self.actions(action), mixing)
        draw = straight_through if deter.requires_grad else sample
        return Latent(deter, draw(self.log_probs(self.prior(deter)), noise))


class Mixing(NamedTuple):
    """Weights of the layer before the gates: of each block's own slice of deter, and of what all blocks read."""

    own: Tensor
    """(blocks, D / blocks, D / blocks)."""
    shared: Tensor
    """(3·hidden, D)."""
