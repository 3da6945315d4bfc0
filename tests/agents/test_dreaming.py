import gymnasium
import numpy as np
import pytest
import torch

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.loop import train
from gwpipe.agents.timing import Row
from gwpipe.settings.agents import DreamingSettings

SPACE = gymnasium.spaces.Discrete(3)


def _observations(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    return {"attributes": np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)}


def test_same_seed_same_agent_and_another_seed_another(small: DreamingSettings, chain, plain) -> None:
    runs = []
    for seed in (3, 3, 4):
        torch.manual_seed(len(runs))  # the global generator must not matter
        agent = DreamingAgent(plain(), SPACE, small, seed)
        curve = train(agent, chain, env_steps=200, env_steps_per_update=4, seed=seed).curve
        runs.append((curve, agent.actor_critic.actor[0].weight))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
    assert runs[0][0] != runs[2][0]


def test_an_update_moves_every_network(small: DreamingSettings, chain, plain) -> None:
    agent = DreamingAgent(plain(), SPACE, small, seed=0)
    train(agent, chain, env_steps=100, env_steps_per_update=10**6, seed=0)
    networks = {"model": agent.world_model, **dict(agent.actor_critic.named_children())}
    before = {name: [p.clone() for p in network.parameters()] for name, network in networks.items()}
    agent.update()
    measured = agent.update()
    for name, network in networks.items():
        assert any(not torch.equal(a, b) for a, b in zip(before[name], network.parameters())), name
    assert agent.updates == 2
    assert {"world_model/z", "world_model/reward", "world_model/done", "actor_critic/entropy"} <= measured.keys()
    assert all(isinstance(value, float) and np.isfinite(value) for value in measured.values())


def test_each_observation_is_encoded_once(small: DreamingSettings, chain, plain) -> None:
    representation = plain()
    agent = DreamingAgent(representation, SPACE, small, seed=0)
    run = train(agent, chain, env_steps=300, env_steps_per_update=4, seed=0)
    # One row a decision, and one more at each episode's end.
    assert representation.encoded == agent.encoded_observations == run.env_steps // 2 + run.episodes
    assert agent.updates > 50


def test_a_representation_that_learns_is_fused_anew(small: DreamingSettings, chain, plain) -> None:
    representation = plain(frozen=False)
    agent = DreamingAgent(representation, SPACE, small, seed=0)
    train(agent, chain, env_steps=100, env_steps_per_update=10**6, seed=0)
    assert "z" not in agent.replay.columns
    fused = []
    representation.fuse = lambda u, weights=None: fused.append(u["attr"].shape) or 0 * u["attr"]
    agent.update()
    assert fused == [(8 * 11, 3)]
    assert agent.encoded_observations == representation.encoded


@pytest.mark.parametrize(("reads", "sees"), [("h", False), ("hz", True)])
def test_with_h_alone_an_action_never_sees_its_own_observation(
    small: DreamingSettings, plain, reads: str, sees: bool
) -> None:
    agent = DreamingAgent(plain(), SPACE, small.model_copy(update={"actor_reads": reads}), seed=0)
    torch.nn.init.normal_(agent.actor_critic.actor[-1].weight, generator=torch.Generator().manual_seed(0))
    first = np.ones(64, dtype=bool)
    agent.begin(64)
    actions = agent.act(_observations(64), first, "greedy")
    assert (len(set(actions.tolist())) > 1) == sees
    # One step later the state has consumed the first observation.
    later = agent.act(_observations(1).copy() | {"attributes": np.zeros((64, 3), np.float32)}, ~first, "greedy")
    assert len(set(later.tolist())) > 1


def test_memory_clears_the_state_after_so_many_decisions(small: DreamingSettings, plain) -> None:
    agent = DreamingAgent(plain(), SPACE, small.model_copy(update={"memory": 3}), seed=0)
    agent.begin(1)
    cleared = []
    for k in range(8):
        agent.act(_observations(1, seed=k), np.array([k in (0, 5)]))
        cleared.append(agent._pending.take(0)["h"].abs().max().item() == 0)
    assert cleared == [True, False, False, True, False, True, False, False]


def test_is_first_clears_one_environment_alone(small: DreamingSettings, plain) -> None:
    agent = DreamingAgent(plain(), SPACE, small, seed=0)
    agent.begin(2)
    agent.act(_observations(2), np.array([True, True]))
    agent.act(_observations(2), np.array([False, True]))
    assert agent._pending.take(0)["h"].abs().max() > 0
    assert agent._pending.take(1)["h"].abs().max() == 0


def test_stored_states_are_refreshed_by_replay(small: DreamingSettings, chain, plain) -> None:
    agent = DreamingAgent(plain(), SPACE, small.model_copy(update={"initial_state": "stored"}), seed=0)
    train(agent, chain, env_steps=200, env_steps_per_update=10**6, seed=0)
    rows = agent.replay.size
    old = agent.replay.sample(1, rows, torch.Generator())
    for _ in range(5):
        agent.update()
    new = agent.replay.sample(1, rows, torch.Generator())
    firsts = new["is_first"]
    assert (new["h"][firsts] == 0).all()
    moved = (new["h"] - old["h"]).abs().amax(-1) > 0
    assert moved[~firsts].float().mean() > 0.5


def test_evaluation_with_a_seed_leaves_training_untouched(small: DreamingSettings, plain) -> None:
    streams = []
    for evaluates in (False, True):
        agent = DreamingAgent(plain(), SPACE, small, seed=0)
        if evaluates:
            agent.begin(5, seed=7)
            played = agent.act(_observations(5), np.ones(5, dtype=bool))
            agent.begin(5, seed=7)
            np.testing.assert_array_equal(agent.act(_observations(5), np.ones(5, dtype=bool)), played)
        agent.begin(50)
        streams.append(agent.act(_observations(50), np.ones(50, dtype=bool)))
    np.testing.assert_array_equal(*streams)


def test_continuous_actions_are_stored_as_they_were_drawn(small: DreamingSettings, plain) -> None:
    agent = DreamingAgent(plain(), gymnasium.spaces.Box(-1, 1, (5,)), small, seed=0)
    for k in range(12):
        observations = _observations(1, seed=k)
        action = agent.act(observations, np.array([k == 0]))
        assert action.shape == (1, 5)
        agent.observe(Row({"attributes": observations["attributes"][0]}, action[0], 0.0, k == 0, False, False))
        stored = agent.replay.sample(1, k + 1, torch.Generator())["action"][0, -1]
        np.testing.assert_array_equal(stored.numpy(), action[0])
    assert agent.update()["actor_critic/entropy"] > 0


def test_weights_are_enough_to_act(small: DreamingSettings, chain, plain) -> None:
    agent, other = DreamingAgent(plain(), SPACE, small, seed=0), DreamingAgent(plain(), SPACE, small, seed=1)
    train(agent, chain, env_steps=200, env_steps_per_update=4, seed=0)
    other.load_weights(agent.weights())
    first = np.ones(40, dtype=bool)
    for one in (agent, other):
        one.begin(40)
    for k in range(3):
        observations = _observations(40, seed=k)
        np.testing.assert_array_equal(*(one.act(observations, first & (k == 0), "greedy") for one in (agent, other)))


def test_observing_without_acting_is_refused(small: DreamingSettings, plain) -> None:
    agent = DreamingAgent(plain(), SPACE, small, seed=0)
    with pytest.raises(RuntimeError, match="needs act"):
        agent.observe(Row({"attributes": np.zeros(3, np.float32)}, 0, 0.0, True, False, False))


def test_it_learns_the_chain(small: DreamingSettings, chain, plain) -> None:
    """Reward grows with the place and ends at 7: the best policy creeps to 6 and stays until the time limit."""
    agent = DreamingAgent(plain(), SPACE, small, seed=0)
    run = train(agent, lambda: chain(limit=12), env_steps=4000, env_steps_per_update=8, seed=0)
    returns = [row["value"] for row in run.curve if row["metric"] == "train_return"]
    assert np.mean(returns[-20:]) > np.mean(returns[:20]) + 100
