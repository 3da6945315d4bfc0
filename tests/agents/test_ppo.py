"""PPO on the project's loop: what reaches Stable-Baselines3's rollout buffer, and that runs repeat and resume."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from pydantic import ValidationError
from stable_baselines3.common.running_mean_std import RunningMeanStd

from gwpipe import checkpoint
from gwpipe.agents.loop import Saving, train
from gwpipe.agents.ppo import PPOAgent
from gwpipe.agents.registry import make_agent
from gwpipe.agents.timing import Row
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError
from gwpipe.settings.ppo import PPOSettings


@pytest.fixture
def few() -> PPOSettings:
    return PPOSettings(n_steps=16, batch_size=8, n_epochs=2, lr=1e-3, discount=0.9, hidden=[16])


@pytest.fixture
def unscaled(few: PPOSettings) -> PPOSettings:
    return few.model_copy(update={"normalise_reward": False})


def _agent(seen, space, settings: PPOSettings, seed: int = 0) -> PPOAgent:
    return PPOAgent(seen, space, settings, seed)


def _play(agent: PPOAgent, rows: int, ends: dict[int, bool]) -> list[np.ndarray]:
    """Rows 0 … rows-1, reward 10·t on arriving at row t; `ends`: row that is an episode's last → is it terminal?"""
    shown = []
    is_first = True
    for t in range(rows):
        observation = {"attributes": np.array([t, t / 2, 1.0], np.float32)}
        shown.append(observation["attributes"])
        reward = 0.0 if is_first else 10.0 * t
        if t in ends:
            agent.observe(Row(observation, None, reward, False, is_last=True, is_terminal=ends[t]))
            is_first = True
            agent.begin(1)
        else:
            action = agent.act({"attributes": observation["attributes"][None]}, np.array([is_first]))[0]
            agent.observe(Row(observation, action, reward, is_first, is_last=False, is_terminal=False))
            is_first = False
    return shown


def test_the_rollout_is_what_stable_baselines_would_have_collected(plain, unscaled) -> None:
    agent = _agent(plain(), gymnasium.spaces.Discrete(3), unscaled)
    # Rows 0-5 end by the time limit, 6-12 at a terminal state, and 17 decisions are complete when row 19 is seen.
    shown = _play(agent, 19, {5: False, 12: True})
    buffer = agent.algorithm.rollout_buffer
    decided = [t for t in range(19) if t not in (5, 12)][:16]
    assert agent.ready
    np.testing.assert_array_equal(buffer.observations[:, 0], np.stack([shown[t] for t in decided]))
    np.testing.assert_array_equal(buffer.episode_starts[:, 0], [t in (0, 6, 13) for t in decided])
    with torch.no_grad():
        value = {t: float(agent.policy.predict_values(torch.from_numpy(shown[t])[None])) for t in range(19)}
        seen = torch.from_numpy(np.stack([shown[t] for t in decided]))
        _, log_prob, _ = agent.policy.evaluate_actions(seen, torch.from_numpy(buffer.actions[:, 0, 0]))
    rewards = [10.0 * (t + 1) + (0.9 * value[5] if t == 4 else 0.0) for t in decided]
    np.testing.assert_allclose(buffer.rewards[:, 0], rewards, rtol=1e-5)
    np.testing.assert_allclose(buffer.values[:, 0], [value[t] for t in decided], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(buffer.log_probs[:, 0], log_prob, rtol=1e-5, atol=1e-6)
    # λ-returns by hand: nothing flows over an episode's end, and the last decision is followed by V of row 18.
    advantage, expected = 0.0, {}
    for t in reversed(decided):
        ends = t + 1 in (5, 12)
        delta = rewards[decided.index(t)] + (0 if ends else 0.9 * value[t + 1]) - value[t]
        advantage = delta + (0 if ends else 0.9 * 0.95 * advantage)
        expected[t] = advantage
    np.testing.assert_allclose(buffer.advantages[:, 0], [expected[t] for t in decided], rtol=1e-4)


def test_a_decision_that_ends_while_the_rollout_is_full_opens_the_next(plain, unscaled) -> None:
    agent = _agent(plain(), gymnasium.spaces.Discrete(3), unscaled)
    shown = _play(agent, 18, {17: True})
    assert agent.ready
    agent.update()
    buffer = agent.algorithm.rollout_buffer
    assert (agent.ready, buffer.pos, agent.updates) == (False, 1, 1)
    np.testing.assert_array_equal(buffer.observations[0, 0], shown[16])
    assert buffer.rewards[0, 0] == 170.0


def test_rewards_are_divided_by_the_running_deviation_of_the_discounted_return(plain, few) -> None:
    agent = _agent(plain(), gymnasium.spaces.Discrete(3), few)
    _play(agent, 10, {4: True, 9: True})
    statistics, discounted, expected = RunningMeanStd(), 0.0, []
    for t in (1, 2, 3, 4, 6, 7, 8, 9):
        discounted = 0.9 * discounted + 10.0 * t
        statistics.update(np.array([discounted]))
        expected.append(min(10.0 * t / np.sqrt(statistics.var + 1e-8), few.reward_clip))
        discounted = 0.0 if t == 4 else discounted
    np.testing.assert_allclose(agent.algorithm.rollout_buffer.rewards[:8, 0], expected, rtol=1e-6)


def test_evaluation_touches_nothing_of_training(plain, chain, few, same) -> None:
    def run(between: bool) -> PPOAgent:
        agent = _agent(plain(), chain().action_space, few)

        def evaluate(actor: PPOAgent, step: int) -> dict[str, float]:
            if between:
                actor.begin(2, seed=1)
                for _ in range(3):
                    actor.act({"attributes": np.ones((2, 3), np.float32)}, np.array([True, False]))
            return {}

        train(agent, chain, env_steps=150, env_steps_per_update=1, seed=0, evaluate=evaluate, evaluate_every=20)
        return agent

    watched, alone = run(True), run(False)
    assert watched.updates == alone.updates >= 3
    assert same(watched.state(), alone.state())


def test_an_update_moves_actor_and_critic_and_leaves_the_global_generators_alone(plain, chain, few) -> None:
    agent = _agent(plain(), chain().action_space, few)
    before = {name: value.clone() for name, value in agent.policy.state_dict().items()}
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = torch.rand(1), np.random.rand()  # noqa: NPY002
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    train(agent, chain, env_steps=60, env_steps_per_update=1, seed=0)
    assert (torch.rand(1), np.random.rand()) == expected  # noqa: NPY002
    assert agent.updates >= 1
    assert not any(torch.equal(before[name], value) for name, value in agent.policy.state_dict().items())


@pytest.fixture
def pictures():
    """Simple Shapes as it is, and the space of its observations."""

    class Short(SimpleShapes):
        def __init__(self) -> None:
            super().__init__(episode_decisions=12)

    return Short


@pytest.mark.parametrize("raw", [True, False], ids=["observations", "z"])
def test_stopped_and_continued_equals_uninterrupted(
    plain, chain, pictures, few, tmp_path: Path, raw: bool, same
) -> None:
    env = pictures if raw else chain

    def fresh() -> PPOAgent:
        return _agent(env().observation_space if raw else plain(), env().action_space, few, seed=5)

    def play(agent: PPOAgent, env_steps: int, saving: Saving | None = None):
        return train(agent, env, env_steps=env_steps, env_steps_per_update=1, seed=9, saving=saving)

    whole, again = fresh(), fresh()
    uninterrupted = play(whole, 200)
    saving = Saving(tmp_path / "checkpoint.safetensors", "these settings", seconds=0)
    play(fresh(), 100, saving)
    assert checkpoint.load(saving.path, "these settings")["agent"]["rollout"]["filled"] > 0
    assert play(again, 200, saving) == uninterrupted
    assert same(again.state(), whole.state())


@pytest.mark.parametrize("side", [32, 64])
def test_pictures_and_vectors_reach_both_heads(side: int, few) -> None:
    space = gymnasium.spaces.Dict(
        {
            "image": gymnasium.spaces.Box(0, 255, (side, side, 3), np.uint8),
            "attributes": gymnasium.spaces.Box(-np.inf, np.inf, (7,), np.float32),
        }
    )
    actions = gymnasium.spaces.Box(-1, 1, (5,), np.float32)
    agent = make_agent("ppo", space, actions, few, 0)
    rng = np.random.default_rng(0)
    seen = {
        "image": rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8),
        "attributes": rng.normal(size=(2, 7)).astype(np.float32),
    }
    chosen = agent.act(seen, np.array([True, True]), "greedy")
    assert chosen.shape == (2, 5)
    for name in seen:
        other = agent.act({**seen, name: np.zeros_like(seen[name])}, np.array([True, True]), "greedy")
        assert not np.array_equal(other, chosen), f"{name} is not seen"
    sampled = np.concatenate([agent.act(seen, np.array([True, True])) for _ in range(20)])
    assert np.abs(sampled).max() == 1.0, "actions outside the space are clipped"


def test_a_rollout_is_read_as_it_was_acted_on(few) -> None:
    # The environment gives the image first, the rollout buffer the attributes.
    env = SimpleShapes()
    agent = PPOAgent(env.observation_space, env.action_space, few, seed=0)
    observation, _ = env.reset(seed=0)
    batch = {name: np.stack([value] * 2) for name, value in observation.items()}
    assert list(batch) != list(agent.policy.observation_space.spaces)
    seen = agent._tensors(agent.inputs.see(batch))
    turned = dict(reversed(seen.items()))
    torch.testing.assert_close(agent.policy.extract_features(turned), agent.policy.extract_features(seen))
    actions = torch.zeros(2, dtype=torch.int64)
    for one, other in zip(agent.policy.evaluate_actions(turned, actions), agent.policy.evaluate_actions(seen, actions)):
        torch.testing.assert_close(one, other)


def test_what_cannot_work_is_refused(plain, few) -> None:
    with pytest.raises(UserError, match="knows Discrete and Box"):
        _agent(plain(), gymnasium.spaces.MultiBinary(3), few)
    with pytest.raises(ValidationError, match="batch_size 6 does not divide n_steps 16"):
        PPOSettings(n_steps=16, batch_size=6, n_epochs=1, lr=1e-3, discount=0.9)
    with pytest.raises(RuntimeError, match="needs act"):
        observation = {"attributes": np.zeros(3, np.float32)}
        _agent(plain(), gymnasium.spaces.Discrete(3), few).observe(Row(observation, 0, 0.0, True, False, False))


def test_rollouts_are_of_one_environment(plain, few) -> None:
    agent = _agent(plain(), gymnasium.spaces.Discrete(3), few)
    observation = {"attributes": np.zeros((2, 3), np.float32)}
    agent.begin(2)
    agent.act(observation, np.ones(2, dtype=bool))
    with pytest.raises(RuntimeError, match="one environment"):
        agent.observe(Row({"attributes": np.zeros(3, np.float32)}, 0, 0.0, True, False, False), 1)


def test_a_loss_that_is_no_number_ends_the_run(plain, chain, few) -> None:
    agent = _agent(plain(), chain().action_space, few.model_copy(update={"lr": 1e30}))
    with pytest.raises(UserError, match=r"my run, step \d+: .*; lower it"):
        train(agent, chain, env_steps=400, env_steps_per_update=1, seed=0, label="my run", advice="lower it")


def test_it_learns_the_chain(plain, chain) -> None:
    settings = PPOSettings(n_steps=128, batch_size=32, n_epochs=8, lr=3e-3, discount=0.9, entropy=0.01)
    agent = _agent(plain(), chain().action_space, settings)
    run = train(agent, chain, env_steps=5000, env_steps_per_update=1, seed=0)
    returns = [row["value"] for row in run.curve if row["metric"] == "train_return"]
    assert np.mean(returns[-50:]) > 1.15 * np.mean(returns[:50])
