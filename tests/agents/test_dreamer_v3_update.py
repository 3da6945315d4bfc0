"""The losses of an update against a plain transcription of their definitions: row by row, no shortcut."""

import math

import pytest
import torch
from test_dreamer_v3 import HORIZON, LENGTH, ROWS, random_batch, settings, tiny
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.agents.dreamer_v3 import Batch, DreamerV3, Noise
from gwpipe.agents.dreamer_v3_rssm import RSSM
from gwpipe.agents.dreamer_v3_update import update_loss, world_model_losses
from gwpipe.agents.policies import CategoricalPolicy, GaussianPolicy
from gwpipe.agents.returns import no_spread

DISCOUNT, LAM, ENTROPY, PENALTY, FLOOR = 0.9, 0.95, 3e-4, 0.05, 0.01


def normed(x: Tensor, module: nn.Module) -> Tensor:
    return functional.silu(x / (x.square().mean(-1, keepdim=True) + 1e-4).sqrt() * module.weight)


def blocked(x: Tensor, layer: nn.Module) -> Tensor:
    """One row (inputs,) through a block-diagonal layer."""
    parts = [part @ w + b[0] for part, w, b in zip(x.chunk(8), layer.weight, layer.bias)]
    return torch.cat(parts)


def core(rssm: RSSM, deter: Tensor, stoch: Tensor, action: Tensor) -> Tensor:
    """The next deter (D,) of one row."""
    action = action / action.abs().clamp(min=1).detach()
    joined = torch.cat([rssm.read_deter(deter), rssm.read_stoch(stoch.flatten()), rssm.read_action(action)])
    mixed = normed(blocked(torch.cat([torch.cat([own, joined]) for own in deter.chunk(8)]), rssm.mix), rssm.mixed)
    gates = [block.chunk(3) for block in blocked(mixed, rssm.gates).chunk(8)]
    reset, candidate, update = (torch.cat(gate) for gate in zip(*gates))
    update = (update - 1).sigmoid()
    return update * (reset.sigmoid() * candidate).tanh() + (1 - update) * deter


def log_probs(logits: Tensor) -> Tensor:
    logits = logits.reshape(32, -1)
    return (0.99 * logits.softmax(-1) + 0.01 / logits.shape[-1]).log()


def drawn(log_probs: Tensor, noise: Tensor) -> Tensor:
    chosen = functional.one_hot((log_probs + noise).argmax(-1), log_probs.shape[-1])
    return chosen + log_probs.exp() - log_probs.exp().detach()


def two_hot(logits: Tensor, target: Tensor, bins: Tensor) -> Tensor:
    """Cross entropy of one row of logits to a written-out code."""
    code = torch.zeros_like(bins)
    above = int((bins <= target).sum().clamp(1, len(bins) - 1))
    share = (target - bins[above - 1]) / (bins[above] - bins[above - 1])
    code[above - 1], code[above] = 1 - share, share
    return -(code * logits.log_softmax(-1)).sum()


def mean_of(logits: Tensor, bins: Tensor) -> Tensor:
    return (logits.double().softmax(-1) * bins.double()).sum(-1)


def slow_world_model(model: DreamerV3, batch: Batch, noise: Tensor) -> tuple[dict[str, Tensor], list[list[tuple]]]:
    """Sums of the losses over all rows, and the latents (deter, stoch)."""
    sums = dict.fromkeys(("dynamics", "representation", "image", "vector", "reward", "continue"), torch.zeros(()))
    latents: list[list[tuple]] = []
    for b in range(ROWS):
        deter, stoch = batch.start.deter[b], batch.start.stoch[b]
        latents.append([])
        for t in range(LENGTH):
            action = batch.before[b, t]
            if batch.is_first[b, t]:
                deter, stoch, action = 0 * deter, 0 * stoch, 0 * action
            deter = core(model.rssm, deter, stoch, action)
            image = batch.image[b, t].float() / 255
            vector = batch.vector[b, t].sign() * torch.log(1 + batch.vector[b, t].abs())
            seen = model.see.layers((image - 0.5).unsqueeze(0))[0]
            hidden = model.rssm.posterior_hidden(torch.cat([deter, seen, model.feel(vector)]))
            posterior = log_probs(model.rssm.posterior(hidden))
            prior = log_probs(model.rssm.prior(deter))
            stoch = drawn(posterior, noise[b, t])
            latents[-1].append((deter, stoch))
            features = torch.cat([deter, stoch.flatten()])

            def divergence(p: Tensor, q: Tensor) -> Tensor:
                return (p.exp() * (p - q)).sum().clamp(min=1)

            image_error = model.draw(deter.unsqueeze(0), stoch.flatten().unsqueeze(0))[0] - image
            goes_on = model.goes_on(features)[0].sigmoid()
            target = 0.0 if batch.is_terminal[b, t] else DISCOUNT
            now = {
                "dynamics": divergence(posterior.detach(), prior),
                "representation": divergence(posterior, prior.detach()),
                "image": image_error.square().sum(),
                "vector": (model.tell(features) - vector).square().sum(),
                "reward": two_hot(model.reward(features), batch.reward[b, t], model.bins),
                "continue": -(target * goes_on.log() + (1 - target) * (1 - goes_on).log()),
            }
            sums = {name: sums[name] + value for name, value in now.items()}
    return sums, latents


def lively(model: DreamerV3) -> DreamerV3:
    """Heads that start at zero made to say something."""
    for network in (model.reward, model.critic, model.slow_critic, model.actor):
        torch.nn.init.normal_(network[-1].weight, std=0.1, generator=torch.Generator().manual_seed(1))
    return model


def test_world_model_losses_and_their_gradients_are_those_of_the_transcription() -> None:
    policy = GaussianPolicy(2)
    model = lively(tiny(policy))
    batch, noise = random_batch(policy)
    batch = batch._replace(start=type(batch.start)(*(x + 0.1 for x in batch.start)))
    gradients = []
    for compute in (_fast, _slow):
        model.zero_grad()
        parts = compute(model, batch, noise.posterior)
        sum(parts.values()).backward()
        gradients.append((parts, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}))
    (fast, fast_gradients), (slow, slow_gradients) = gradients
    for name, value in fast.items():
        torch.testing.assert_close(value, slow[name], rtol=1e-5, atol=1e-5)
    assert fast_gradients.keys() == slow_gradients.keys()
    for name, gradient in fast_gradients.items():
        apart = (gradient - slow_gradients[name]).norm() / slow_gradients[name].norm()
        assert apart < 1e-4, name


def _fast(model: DreamerV3, batch: Batch, noise: Tensor) -> dict[str, Tensor]:
    return world_model_losses(model, batch, noise, DISCOUNT)[0]


def _slow(model: DreamerV3, batch: Batch, noise: Tensor) -> dict[str, Tensor]:
    return {name: value / (ROWS * LENGTH) for name, value in slow_world_model(model, batch, noise)[0].items()}


@pytest.mark.parametrize("scaled", ["returns", "advantages"])
@pytest.mark.parametrize("policy", [GaussianPolicy(2), CategoricalPolicy(3, 0.01)], ids=["continuous", "discrete"])
def test_behaviour_losses_are_those_of_the_transcription(policy, scaled: str) -> None:
    model = lively(tiny(policy))
    batch, noise = random_batch(policy)
    chosen = settings(
        discount=DISCOUNT, return_lambda=LAM, mean_penalty=PENALTY, advantage_scale=scaled, scale_floor=FLOOR
    )
    result = update_loss(model, batch, noise, no_spread(), chosen)
    with torch.no_grad():
        actor, value, replay = slow_behaviour(model, batch, noise, policy, scaled)
    torch.testing.assert_close(result.parts["actor"], actor.float(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(result.parts["value"], value.float(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(result.parts["replay_value"], replay.float(), rtol=1e-3, atol=1e-4)


def slow_behaviour(model: DreamerV3, batch: Batch, noise: Noise, policy, scaled: str) -> tuple[Tensor, Tensor, Tensor]:
    _, latents = slow_world_model(model, batch, noise.posterior)
    dreams = []
    for n in range(ROWS * LENGTH):
        deter, stoch = (x.detach() for x in latents[n // LENGTH][n % LENGTH])
        states, actions = [torch.cat([deter, stoch.flatten()])], []
        for k in range(HORIZON):
            actions.append(policy.sample(model.actor(states[-1]), noise.action[k, n]))
            deter = core(model.rssm, deter, stoch, actions[-1])
            stoch = drawn(log_probs(model.rssm.prior(deter)), noise.prior[k, n])
            states.append(torch.cat([deter, stoch.flatten()]))
        reward = [mean_of(model.reward(s), model.bins) for s in states]
        keeps = [float(model.goes_on(s).sigmoid()) for s in states]
        value = [mean_of(model.critic(s), model.bins) for s in states]
        returns = [value[-1]]
        for t in reversed(range(HORIZON)):
            returns.insert(0, reward[t + 1] + keeps[t + 1] * ((1 - LAM) * value[t + 1] + LAM * returns[0]))
        weight = [0.0 if batch.is_terminal.flatten()[n] else 1.0]
        for t in range(1, HORIZON):
            weight.append(weight[-1] * keeps[t])
        dreams.append((states, actions, value, returns, weight))
    less = 1 if scaled == "advantages" else 0
    every = torch.stack([r - less * v for _, _, value, returns, _ in dreams for r, v in zip(returns[:-1], value)])
    scale = (every.quantile(0.95) - every.quantile(0.05)).clamp(min=FLOOR)
    actor, critic = [], []
    for states, actions, value, returns, weight in dreams:
        for t in range(HORIZON):
            outputs = model.actor(states[t])
            advantage = (returns[t] - value[t]) / scale
            gain = policy.log_prob(outputs, actions[t]) * advantage + ENTROPY * policy.entropy(outputs)
            if isinstance(policy, GaussianPolicy):
                gain = gain - PENALTY * sum(mean**2 for mean in outputs[: policy.size])
            actor.append(-weight[t] * gain)
            critic.append(weight[t] * error(model, states[t], returns[t]))
    replay = []
    for b in range(ROWS):
        following = dreams[b * LENGTH + LENGTH - 1][3][0]
        for t in reversed(range(LENGTH - 1)):
            value = dreams[b * LENGTH + t + 1][3][0]
            lam = 0.0 if batch.is_last[b, t + 1] else LAM
            goes_on = 0.0 if batch.is_terminal[b, t + 1] else DISCOUNT
            following = batch.reward[b, t + 1] + goes_on * ((1 - lam) * value + lam * following)
            state = torch.cat([latents[b][t][0], latents[b][t][1].flatten()])
            replay.append(0 if batch.is_last[b, t] else error(model, state, following))
    return torch.stack(actor).mean(), torch.stack(critic).mean(), sum(replay) / len(replay)


def error(model: DreamerV3, state: Tensor, target: Tensor) -> Tensor:
    logits = model.critic(state)
    slow = mean_of(model.slow_critic(state), model.bins)
    return two_hot(logits, target, model.bins) + two_hot(logits, slow, model.bins)


def test_the_first_batch_sets_the_scale_of_advantages() -> None:
    policy = GaussianPolicy(2)
    model = lively(tiny(policy))
    batch, noise = random_batch(policy)
    spread = update_loss(model, batch, noise, no_spread(), settings()).spread
    assert math.isclose(spread.mass, 0.01, rel_tol=1e-6)
