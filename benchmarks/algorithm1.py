"""Algorithm 1 written down in order, as the equations say: what `dreaming_step` compares the package's updates with.

GRU cells one after another under autograd, a distribution object at each imagined step, reward and done heads and
critic at each of them, dense two-hot codes. It shares no function with the package, only parameters, replayed chunks
and random numbers.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, distributions, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3_layers import EPSILON, NormSiLU
from gwpipe.agents.dreaming import Batch, Networks
from gwpipe.agents.policies import CategoricalPolicy
from gwpipe.agents.returns import Spread
from gwpipe.settings.agents import DreamingSettings


class Transcription:
    """Algorithm 1, one equation after another."""

    def __init__(self, networks: Networks, settings: DreamingSettings) -> None:
        self.model, self.agent, self.policy = networks
        self.settings = settings

    def step(self, h: Tensor, z: Tensor, action: Tensor) -> Tensor:
        cell = self.model.gru
        inputs = functional.relu(self.model.inputs(torch.cat([z, action.clamp(-1, 1)], -1)))
        return torch.nn.GRUCell.forward(cell, inputs, h)

    @staticmethod
    def through(network: Iterable[nn.Module], x: Tensor) -> Tensor:
        """A perceptron's layers in turn."""
        for layer in network:
            if isinstance(layer, NormSiLU):
                x = functional.silu(layer.weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + EPSILON))
            else:
                x = layer(x)
        return x

    def next_z(self, h: Tensor, z: Tensor) -> Tensor:
        output = self.through(self.model.next_z, h)
        if self.model.residual:
            return z + output
        return torch.tanh(output) if self.model.bounded else output

    def seen(self, h: Tensor, z: Tensor) -> Tensor:
        return torch.cat([h, z], -1) if self.settings.actor_reads == "hz" else h

    @staticmethod
    def code(value: Tensor, bins: Tensor) -> Tensor:
        """The two-hot code itself, (..., n)."""
        value = value.clamp(bins[0], bins[-1])
        above = (bins < value.unsqueeze(-1)).sum(-1).clamp(1, len(bins) - 1)
        share = (value - bins[above - 1]) / (bins[above] - bins[above - 1])
        lower = functional.one_hot(above - 1, len(bins)) * (1 - share).unsqueeze(-1)
        return lower + functional.one_hot(above, len(bins)) * share.unsqueeze(-1)

    def world_model_loss(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """Sect. II-B, time step by time step."""
        chunk, settings, h = batch.chunk, self.settings, batch.h0
        valid = (~chunk["is_last"][:, :-1]).float()
        states, total = [], torch.zeros(())
        for t in range(chunk["reward"].shape[1] - 1):
            h = h * (~chunk["is_first"][:, t]).float().unsqueeze(-1)
            states.append(h.detach())
            z, following = chunk["z"][:, t], chunk["z"][:, t + 1]
            h = self.step(h, z, chunk["action"][:, t])
            arrived = torch.cat([h, following], -1)
            z_error = (self.next_z(h, z) - following).square().sum(-1)
            code = self.code(chunk["reward"][:, t + 1], self.model.bins)
            reward_error = -(code * functional.log_softmax(self.through(self.model.reward, arrived), -1)).sum(-1)
            done = distributions.Bernoulli(logits=self.through(self.model.done, arrived).squeeze(-1))
            done_error = -done.log_prob(chunk["is_terminal"][:, t + 1].float())
            errors = settings.z_weight * z_error + settings.reward_weight * reward_error
            total = total + (valid[:, t] * (errors + settings.done_weight * done_error)).sum()
        return total / valid.sum(), states

    def distribution(self, outputs: Tensor) -> distributions.Distribution:
        if isinstance(self.policy, CategoricalPolicy):
            probabilities = functional.softmax(outputs, -1)
            uniform = self.settings.unimix / self.policy.size
            return distributions.OneHotCategorical(probs=(1 - self.settings.unimix) * probabilities + uniform)
        mean, spread = outputs.chunk(2, -1)
        normal = distributions.Normal(torch.tanh(mean), 0.9 * torch.sigmoid(spread + 2) + 0.1)
        return distributions.Independent(normal, 1)

    @staticmethod
    def drawn(distribution: distributions.Distribution, noise: Tensor) -> Tensor:
        """A sample made of the given random numbers, so that both computations dream the same dream."""
        if isinstance(distribution, distributions.OneHotCategorical):
            best = (distribution.logits + noise).argmax(-1)
            return functional.one_hot(best, noise.shape[-1]).float()
        return distribution.mean + distribution.stddev * noise

    @staticmethod
    def mean_of(logits: Tensor, bins: Tensor) -> Tensor:
        return (torch.softmax(logits, -1) * bins).sum(-1)

    def actor_critic_loss(self, batch: Batch, states: list[Tensor], spread: Spread) -> tuple[Tensor, Spread]:
        """Sect. II-C, imagined step by imagined step."""
        settings, agent = self.settings, self.agent
        h = torch.stack(states, 1).flatten(0, 1)[batch.starts]
        z = batch.chunk["z"][:, :-1].flatten(0, 1)[batch.starts]
        going_on = (~batch.chunk["is_terminal"][:, :-1]).flatten(0, 1)[batch.starts].float()
        weights, log_probs, entropies, penalties, rewards, keeps, seen = [], [], [], [], [], [], []
        for noise in batch.noise:
            seen.append(self.seen(h, z))
            weights.append(going_on)
            outputs = self.through(agent.actor, seen[-1])
            chosen = self.distribution(outputs)
            means = outputs.chunk(2, -1)[0] if settings.mean_penalty else torch.zeros_like(outputs)
            penalties.append(settings.mean_penalty * (means * means).sum(-1))
            with torch.no_grad():
                action = self.drawn(chosen, noise)
                h = self.step(h, z, action)
                z = self.next_z(h, z)
                z = z.clamp(-1, 1) if self.model.bounded else z
                arrived = torch.cat([h, z], -1)
                rewards.append(self.mean_of(self.through(self.model.reward, arrived), self.model.bins))
                done = distributions.Bernoulli(logits=self.through(self.model.done, arrived).squeeze(-1))
                keeps.append(1 - done.mean)
                going_on = going_on * settings.discount * keeps[-1]
            log_probs.append(chosen.log_prob(action))
            entropies.append(chosen.entropy())
        seen.append(self.seen(h, z))
        logits = [self.through(agent.critic, state) for state in seen]
        with torch.no_grad():
            values = [self.mean_of(found, agent.bins) for found in logits]
            following = values[-1]
            returns: list[Tensor] = []
            for k in reversed(range(len(rewards))):
                ahead = (1 - settings.return_lambda) * values[k + 1] + settings.return_lambda * following
                following = rewards[k] + settings.discount * keeps[k] * ahead
                returns.insert(0, following)
            advantages = [found - value for found, value in zip(returns, values)]
            scaled = torch.stack(returns if settings.advantage_scale == "returns" else advantages).flatten()
            rate = settings.scale_rate
            low, high = torch.quantile(scaled, 0.05), torch.quantile(scaled, 0.95)
            spread = Spread(
                (1 - rate) * spread.low + rate * low,
                (1 - rate) * spread.high + rate * high,
                (1 - rate) * spread.mass + rate,
            )
            divisor = torch.clamp((spread.high - spread.low) / spread.mass, min=settings.scale_floor)
            total = torch.stack(weights).sum()
        loss = torch.zeros(())
        for k, weight in enumerate(weights):
            gain = log_probs[k] * advantages[k] / divisor + settings.entropy * entropies[k] - penalties[k]
            with torch.no_grad():
                slow = self.mean_of(self.through(agent.slow_critic, seen[k]), agent.bins)
                code = self.code(returns[k], agent.bins) + self.code(slow, agent.bins)
            error = -(code * functional.log_softmax(logits[k], -1)).sum(-1)
            loss = loss + (weight * (error - gain)).sum() / total
        return loss, spread
