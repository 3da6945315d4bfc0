"""Updates in graphs: that each loss is one graph, and that it learns what the same update learns without."""

from collections.abc import Callable
from typing import Any

import gymnasium
import pytest
import torch
from test_actor_gradient import Reach
from test_dreamer_v3 import settings as dreamer_settings
from test_dreamer_v3_agent import made, play

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.loop import train
from gwpipe.agents.ppo import PPOAgent
from gwpipe.settings.agents import DreamingSettings
from gwpipe.settings.ppo import PPOSettings

NEVER = 10**6
NUMBERS = gymnasium.spaces.Box(-1, 1, (2,))
CHOICES = gymnasium.spaces.Discrete(3)


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the losses that were translated; one that does not make a single graph raises."""
    names: list[str] = []
    translate = torch.compile

    def whole(loss: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        names.append(loss.__name__)
        return translate(loss, fullgraph=True, **options)

    monkeypatch.setattr(torch, "compile", whole)
    return names


def _same(plainly: Any, in_graphs: Any, backend: str) -> None:
    in_graphs.compile(backend)
    for _ in range(3):
        assert in_graphs.update() == pytest.approx(plainly.update(), rel=1e-4, abs=1e-5)
    for one, other in zip(_weights(plainly), _weights(in_graphs)):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def _weights(agent: Any) -> list[torch.Tensor]:
    return [weight for network in agent.weights().values() for weight in network.values()]


def _dreaming(settings: DreamingSettings, world: type[gymnasium.Env], representation: Any) -> DreamingAgent:
    agent = DreamingAgent(representation, world().action_space, settings, seed=0)
    train(agent, world, env_steps=100, env_steps_per_update=NEVER, seed=0)
    return agent


@pytest.mark.parametrize("numbers", [False, True], ids=["choices", "numbers"])
def test_gw_dreamers_losses_are_graphs_that_learn_the_same(
    small: DreamingSettings, chain, plain, graphs: list[str], numbers: bool
) -> None:
    of_numbers = {"advantage_scale": "advantages", "mean_penalty": 0.01, "normed": True}
    settings = small.model_copy(update=of_numbers if numbers else {"initial_state": "stored"})
    world = Reach if numbers else chain
    _same(*(_dreaming(settings, world, plain()) for _ in range(2)), "eager")
    assert graphs == ["world_model_update_loss", "actor_critic_update_loss"]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch's own, in tracing
def test_a_gradient_through_the_dream_is_the_same_where_the_graph_is_broken(small: DreamingSettings, plain) -> None:
    settings = small.model_copy(update={"actor_gradient": "dynamics"})
    _same(*(_dreaming(settings, Reach, plain()) for _ in range(2)), "eager")


@pytest.mark.parametrize("space", [CHOICES, NUMBERS], ids=["choices", "numbers"])
def test_dreamers_loss_is_a_graph_that_learns_the_same(graphs: list[str], space: gymnasium.Space) -> None:
    widths = {"deter": 32, "hidden": 16, "classes": 4, "depth": 8, "units": 16}
    settings = dreamer_settings(widths=widths, imagination_length=5, batch_size=4, batch_length=8, discount=0.9)
    agents = [made(space, settings) for _ in range(2)]
    for agent in agents:
        play(agent, 60)
    _same(*agents, "eager")
    assert graphs == ["update_loss"]


def test_ppo_keeps_its_own_update(plain) -> None:
    agent = PPOAgent(plain(), CHOICES, PPOSettings(n_steps=16, batch_size=8, n_epochs=2, lr=1e-3, discount=0.9), seed=0)
    before = agent.algorithm.train
    agent.compile()
    assert agent.algorithm.train == before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # torch's own, when it loads the compiler
def test_translated_to_machine_code_it_learns_the_same(small: DreamingSettings, chain, plain) -> None:
    _same(*(_dreaming(small, chain, plain()) for _ in range(2)), "inductor")
