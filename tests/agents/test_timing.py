"""The time table on a world whose answers are known: every step t → t+1 is paired with what really followed."""

import numpy as np
import pytest
import torch

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.imagination import imagine
from gwpipe.agents.loop import train
from gwpipe.agents.policies import CategoricalPolicy
from gwpipe.agents.timing import Steps, actor_input, steps, updates_due
from gwpipe.agents.world_model import WorldModel, world_model_loss
from gwpipe.settings.agents import DreamingSettings


@pytest.fixture
def agent(small: DreamingSettings, chain, plain) -> DreamingAgent:
    """An agent that acted at random for 600 environment steps; its buffer of 250 rows has wrapped."""
    space = chain().action_space
    made = DreamingAgent(plain(), space, small.model_copy(update={"replay_capacity": 250}), seed=1)
    train(made, chain, env_steps=600, env_steps_per_update=10**6, seed=1)
    assert made.encoded_observations > made.replay.size == 250
    return made


def _steps(agent: DreamingAgent) -> Steps:
    return steps(agent.replay.sample(500, 11, torch.Generator().manual_seed(0)))


def test_each_action_is_paired_with_its_own_consequences(agent: DreamingAgent) -> None:
    pairs = _steps(agent)
    valid = pairs.valid.bool()
    place, action = (10 * pairs.z[..., 0]).round()[valid], pairs.action.argmax(-1)[valid]
    arrived = (10 * pairs.next_z[..., 0]).round()[valid]
    torch.testing.assert_close(arrived, place + action)
    torch.testing.assert_close(pairs.next_reward[valid], 10 * arrived + action)
    torch.testing.assert_close(pairs.next_done[valid], (arrived >= 7).float())
    torch.testing.assert_close(pairs.next_z[..., 2][valid], pairs.z[..., 2][valid] + 0.01)


def test_only_steps_into_another_episode_are_masked(agent: DreamingAgent) -> None:
    pairs = _steps(agent)
    crosses = pairs.z[..., 1] != pairs.next_z[..., 1]
    assert crosses.any()
    torch.testing.assert_close(pairs.valid.bool(), ~crosses)
    assert (pairs.next_reward[crosses] == 0).all()
    assert (pairs.action[crosses] == 0).all()
    torch.testing.assert_close(pairs.is_first, pairs.z[..., 2] == 0)


def test_terminal_reward_is_learnt_from_and_a_time_limit_is_no_terminal(agent: DreamingAgent) -> None:
    pairs = _steps(agent)
    ends = torch.zeros_like(pairs.valid, dtype=torch.bool)
    ends[:, :-1] = pairs.valid[:, 1:] == 0
    terminal = ends & (pairs.next_z[..., 0] > 0.65)
    limit = ends & (pairs.next_z[..., 0] < 0.65)
    assert terminal.any()
    assert limit.any()
    assert pairs.valid[terminal].all()
    assert pairs.next_done[terminal].all()
    assert (pairs.next_reward[terminal] >= 70).all()
    assert pairs.valid[limit].all()
    assert not pairs.next_done[limit].any()


def test_nothing_leaks_over_an_episodes_boundary(agent: DreamingAgent) -> None:
    """Neither the past episode nor the masked step changes what is predicted, learnt or fed back in the next one."""
    chunk = agent.replay.sample(64, 11, torch.Generator().manual_seed(3))
    rows = chunk["is_first"][:, 5]
    chunk = {name: column[rows] for name, column in chunk.items()}
    assert rows.any()
    changed = {name: column.clone() for name, column in chunk.items()}
    changed["z"][:, :5] += 1
    changed["action"][:, :5] = changed["action"][:, :5].roll(1, -1)
    model = agent.world_model
    results = []
    for one in (chunk, changed):
        pairs = steps(one)
        later = Steps(*(x[:, 4:] for x in pairs))
        before, after = model.sequence(torch.randn(len(pairs.z), 16), pairs.z, pairs.action, pairs.is_first)
        loss = world_model_loss(model, later, torch.randn(len(pairs.z), 16), agent.settings)
        results.append((before[:, 5:], after[:, 5:], loss.loss))
    for one, other in zip(*results):
        torch.testing.assert_close(one, other)


def test_the_trained_world_model_knows_the_chain(agent: DreamingAgent) -> None:
    model, generator = agent.world_model, torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(300):
        pairs = steps(agent.replay.sample(16, 11, generator))
        optimiser.zero_grad()
        world_model_loss(model, pairs, torch.zeros(16, 16), agent.settings).loss.backward()
        optimiser.step()
    z = torch.tensor([[0.3, 0.8, 0.03], [0.5, 0.8, 0.03], [0.6, 0.8, 0.03]])
    action = torch.eye(3)[[0, 2, 1]]
    with torch.no_grad():
        h = model.step(torch.zeros(3, 16), z, action)
        arrived = model.dream_z(h, z)
        torch.testing.assert_close(arrived[:, 0], torch.tensor([0.3, 0.7, 0.7]), atol=0.05, rtol=0)
        reward, done = model.predict_reward(h, arrived), model.predict_done(h, arrived)
    torch.testing.assert_close(reward, torch.tensor([30.0, 72.0, 71.0]), atol=4, rtol=0)
    np.testing.assert_array_equal(done > 0.5, [False, True, True])


class _Counting(WorldModel):
    """A world model that is right by construction: z counts the actions, reward is the place, done from 3 on."""

    def step(self, h: torch.Tensor, z: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        return torch.cat([z + action[:, 1:2], h[:, 1:] + 1], -1)

    def dream_z(self, next_h: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return next_h[:, :1]

    def predict_reward(self, next_h: torch.Tensor, next_z: torch.Tensor) -> torch.Tensor:
        return next_z[..., 0]

    def predict_done(self, next_h: torch.Tensor, next_z: torch.Tensor) -> torch.Tensor:
        return (next_z[..., 0] >= 3).float()


def test_an_imagined_action_is_scored_at_the_state_it_was_chosen_in(small: DreamingSettings) -> None:
    """The actor steps on (action 1) from odd places and from 0, and rests (action 0) at 2."""
    model = _Counting(1, 2, small.model_copy(update={"gru_hidden": 2}), bounded=False)
    seen_by_actor = []

    def actor(seen: torch.Tensor) -> torch.Tensor:
        seen_by_actor.append(seen)
        goes = seen[:, 2:] != 2
        return torch.where(goes, torch.tensor([-50.0, 50.0]), torch.tensor([50.0, -50.0]))

    policy = CategoricalPolicy(2, unimix=0.0)
    h, z = torch.zeros(2, 2), torch.tensor([[0.0], [2.0]])
    dream = imagine(model, actor, policy, h, z, torch.zeros(4, 2, 2), "hz")
    torch.testing.assert_close(dream.seen[..., 2], torch.tensor([[0.0, 2], [1, 2], [2, 2], [2, 2], [2, 2]]))
    torch.testing.assert_close(dream.action.argmax(-1), torch.tensor([[1, 0], [1, 0], [0, 0], [0, 0]]))
    torch.testing.assert_close(dream.reward, torch.tensor([[1.0, 2], [2, 2], [2, 2], [2, 2]]))
    torch.testing.assert_close(dream.keeps, torch.ones(4, 2))
    torch.testing.assert_close(torch.stack(seen_by_actor), dream.seen[:-1])


def test_what_the_actor_reads() -> None:
    h, z = torch.ones(2, 4), torch.zeros(2, 3)
    assert actor_input(h, z, "h").shape == (2, 4)
    torch.testing.assert_close(actor_input(h, z, "hz"), torch.cat([h, z], -1))


@pytest.mark.parametrize(("repeat", "ratio", "prefill"), [(1, 4, 0), (4, 8, 0), (4, 2, 0), (2, 5, 100), (4, 3, 7)])
def test_updates_fall_due_at_each_multiple_after_the_prefill(repeat: int, ratio: int, prefill: int) -> None:
    total = sum(updates_due(step, step + repeat, prefill, ratio) for step in range(0, 1000, repeat))
    assert total == 1000 // ratio - prefill // ratio
    assert updates_due(0, repeat, 10**6, ratio) == 0
