"""Does it learn? The laptop recipe on the true attributes of Simple Shapes, with a fixed nonlinear mixing."""

import numpy as np
import pytest
import torch

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.loop import train
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.settings.agents import DreamingSettings

RANDOM_RETURN = -2382.0


class MixedAttributes:
    """z = tanh of two fixed mixings of what matters of the state, plus a rough error of 0.03 that depends on it."""

    dim, frozen, bounded = 10, True, True

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.domains, self.default_weights = {"attr": 10}, {"attr": 1.0}
        self.inner, self.outer = (torch.linalg.qr(torch.randn(10, 10, generator=generator))[0] for _ in range(2))
        self.rough = 6 * torch.randn(10, 10, generator=generator)

    def encode(self, observations: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
        attributes = torch.from_numpy(observations["attributes"])
        shape = attributes[:, 1:2] - attributes[:, 2:3]
        state = torch.cat([shape, attributes[:, 3:], torch.zeros_like(shape)], -1)
        z = torch.tanh(1.2 * torch.tanh(state @ self.inner) @ self.outer + 0.1 * state @ self.inner)
        error = 0.03 * 2**0.5 * torch.sin(state @ self.rough)
        return {"attr": (z + error).clamp(-1, 1)}

    def fuse(self, u: dict[str, torch.Tensor], weights: dict[str, float] | None = None) -> torch.Tensor:
        return u["attr"]


@pytest.mark.slow
def test_simple_shapes_is_learnt_in_five_thousand_steps(laptop: DreamingSettings) -> None:
    env = SimpleShapes(observe=("attributes",))
    agent = DreamingAgent(MixedAttributes(), env.action_space, laptop, seed=0)
    run = train(agent, lambda: env, env_steps=5000, env_steps_per_update=laptop.env_steps_per_update, prefill=0, seed=0)
    returns = np.array([row["value"] for row in run.curve if row["metric"] == "train_return"])
    smoothed = np.convolve(returns, np.ones(10) / 10, "valid")
    assert smoothed.max() - RANDOM_RETURN > 1400
