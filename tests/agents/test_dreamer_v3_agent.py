"""The agent around DreamerV3: what it stores, that it learns, and that a run which was killed ends as if it had not."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from test_dreamer_v3 import settings

from gwpipe.agents.dreamer_v3_agent import DreamerAgent, classes_of, one_hot
from gwpipe.agents.loop import Saving, train
from gwpipe.agents.registry import make_agent
from gwpipe.agents.timing import Row
from gwpipe.envs.robodesk import RoboDesk
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError
from gwpipe.flops.dreamer_v3 import meta_model
from gwpipe.flops.shapes import SHAPES
from gwpipe.settings.dreamer_v3 import DreamerV3Settings
from gwpipe.settings.methods import METHODS

SHOWN = gymnasium.spaces.Dict(
    {
        "image": gymnasium.spaces.Box(0, 255, (16, 16, 3), np.uint8),
        "attributes": gymnasium.spaces.Box(-1, 1, (3,), np.float32),
    }
)


@pytest.fixture
def tiny() -> DreamerV3Settings:
    """An agent of the chain's size."""
    widths = {"deter": 32, "hidden": 16, "classes": 4, "depth": 8, "units": 16}
    return settings(widths=widths, imagination_length=5, batch_size=4, batch_length=8, discount=0.9)


def made(space: gymnasium.Space, chosen: DreamerV3Settings, shown=SHOWN, seed: int = 0) -> DreamerAgent:
    return DreamerAgent(shown, space, chosen, seed)


def observations(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)
    return {"image": image, "attributes": rng.normal(size=(n, 3)).astype(np.float32)}


def play(agent: DreamerAgent, rows: int, episode: int = 5) -> None:
    """Random observations in episodes of `episode` rows, with neither environment nor update."""
    for k in range(rows):
        shown = observations(1, seed=k)
        row = {name: value[0] for name, value in shown.items()}
        if k % episode == 0:
            agent.begin(1)
        if k % episode == episode - 1:
            agent.observe(Row(row, None, float(k), False, True, True))
        else:
            action = agent.act(shown, np.array([k % episode == 0]))[0]
            agent.observe(Row(row, action, float(k), k % episode == 0, False, False))


@pytest.mark.parametrize("space", [gymnasium.spaces.Discrete(3), gymnasium.spaces.Box(-1, 1, (5,))], ids=str)
def test_rows_are_stored_as_they_were_seen(tiny: DreamerV3Settings, space: gymnasium.Space) -> None:
    agent = made(space, tiny)
    play(agent, 9)
    rows = agent.replay.sample(1, 9, torch.Generator())
    for k in range(9):
        shown = observations(1, seed=k)
        np.testing.assert_array_equal(rows["image"][0, k].movedim(0, -1).numpy(), shown["image"][0])
        np.testing.assert_array_equal(rows["attributes"][0, k].numpy(), shown["attributes"][0])
    assert rows["is_first"][0].tolist() == [k % 5 == 0 for k in range(9)]
    assert rows["action"][0, 4].abs().max() == 0
    assert (rows["action"][0, [0, 1, 2, 3, 5]].abs().sum(-1) > 0).all()


def test_environments_keep_their_rows_and_latents_apart(tiny: DreamerV3Settings) -> None:
    """The second of three ends its episode in between: the others' rows are those of a run in which it does not."""
    stored = []
    for ends in (False, True):
        agent = made(gymnasium.spaces.Discrete(3), tiny.model_copy(update={"environments": 3}))
        agent.begin(3)
        for k in range(4):
            shown = {
                name: np.concatenate([observations(1, seed=10 * k + at)[name] for at in range(3)])
                for name in observations(1, seed=0)
            }
            actions = agent.act(shown, np.full(3, k == 0))
            for at in range(3):
                own = {name: value[at] for name, value in shown.items()}
                agent.observe(Row(own, actions[at], float(at), k == 0, False, False), at)
        if ends:
            agent.observe(Row(own, None, 1.0, False, True, True), 1)
        assert agent.replay.size == 12 + ends
        rings = [agent.replay._filled(agent.replay._sizes)[first : first + 4] for first in (0, 4, 8 + ends)]
        stored.append([{name: column[ring] for name, column in agent.replay._columns.items()} for ring in rings])
    for at in range(3):
        assert (stored[1][at]["reward"] == at).all()
        expected = observations(1, seed=20 + at)["attributes"][0]
        np.testing.assert_array_equal(stored[1][at]["attributes"][2].numpy(), expected)
        for name, column in stored[0][at].items():
            torch.testing.assert_close(stored[1][at][name], column, rtol=0, atol=0)


def test_replayed_rows_run_through_the_states_they_were_acted_with(tiny: DreamerV3Settings) -> None:
    """Acting and `observe` on replay are one model: from a stored latent, the deterministic state comes out again."""
    agent = made(gymnasium.spaces.Discrete(3), tiny)
    play(agent, 9)
    batch, at = agent._batch()
    stored = agent.replay._columns
    tokens = agent.model.tokens(batch.image.flatten(0, 1), batch.vector.flatten(0, 1)).unflatten(0, at.shape)
    rssm = agent.model.rssm
    for b in range(len(at)):
        for t in range(at.shape[1]):
            place = int(at[b, t])
            keep = 0.0 if batch.is_first[b, t] else 1.0
            deter = stored["deter"][place - 1] * keep
            stoch = one_hot(stored["stoch"][place - 1], rssm.classes) * keep
            before = type(batch.start)(deter.unsqueeze(0), stoch.unsqueeze(0))
            seen = rssm.see(before, batch.before[b, t : t + 1] * keep, tokens[b, t : t + 1], torch.zeros(1, 32, 4))
            torch.testing.assert_close(seen.deter[0], stored["deter"][place])


def test_an_update_refreshes_the_latents_that_it_visited(tiny: DreamerV3Settings) -> None:
    agent = made(gymnasium.spaces.Discrete(3), tiny)
    play(agent, 20)
    before = {name: agent.replay._columns[name][:20].clone() for name in ("deter", "stoch")}
    measured = agent.update()
    after = agent.replay._columns["deter"][:20]
    moved = (after != before["deter"]).any(-1)
    assert moved.any()
    assert not moved[0], "the oldest row can only be context"
    assert (agent.replay._columns["stoch"][:20] != before["stoch"]).any()
    assert agent.updates == 1
    assert agent.encoded_observations == 0
    assert {"world_model/image", "world_model/continue", "actor_critic/entropy"} <= measured.keys()
    assert all(np.isfinite(value) for value in measured.values())


def test_an_update_moves_every_network(tiny: DreamerV3Settings) -> None:
    agent = made(gymnasium.spaces.Discrete(3), tiny)
    play(agent, 20)
    before = {name: parameter.clone() for name, parameter in agent.model.named_parameters()}
    for _ in range(3):
        agent.update()
    for child, network in agent.model.named_children():
        names = [f"{child}.{name}" for name, _ in network.named_parameters()]
        assert any(not torch.equal(before[n], agent.model.get_parameter(n)) for n in names), child


def test_is_first_clears_one_environment_alone(tiny: DreamerV3Settings) -> None:
    agent = made(gymnasium.spaces.Discrete(3), tiny)
    later = []
    for again in (False, True):
        agent.begin(2, seed=1)
        agent.act(observations(2), np.array([True, True]))
        agent.act(observations(2, seed=1), np.array([again, False]))
        later.append(agent._latent.deter.clone())
    assert not torch.equal(later[0][0], later[1][0])
    assert torch.equal(later[0][1], later[1][1])


def test_evaluation_with_a_seed_leaves_training_untouched(tiny: DreamerV3Settings) -> None:
    streams = []
    for evaluates in (False, True):
        agent = made(gymnasium.spaces.Discrete(3), tiny)
        if evaluates:
            agent.begin(5, seed=7)
            agent.act(observations(5), np.ones(5, dtype=bool))
        agent.begin(50)
        streams.append(agent.act(observations(50), np.ones(50, dtype=bool)))
    np.testing.assert_array_equal(*streams)


def test_classes_and_one_hot_are_inverse() -> None:
    classes = torch.randint(0, 5, (7, 32), dtype=torch.uint8)
    assert torch.equal(classes_of(one_hot(classes, 5)), classes)


def test_what_it_cannot_see_is_refused(tiny: DreamerV3Settings) -> None:
    space = gymnasium.spaces.Dict({"sound": gymnasium.spaces.Box(-1, 1, (3,))})
    with pytest.raises(UserError, match="the environment shows sound"):
        made(gymnasium.spaces.Discrete(3), tiny, space)


def test_observing_without_acting_is_refused(tiny: DreamerV3Settings) -> None:
    agent = made(gymnasium.spaces.Discrete(3), tiny)
    row = {name: value[0] for name, value in observations(1).items()}
    with pytest.raises(RuntimeError, match="needs act"):
        agent.observe(Row(row, 0, 0.0, True, False, False))


@pytest.mark.parametrize("optimiser", ["paper", "upstream"])
def test_stopped_and_continued_equals_uninterrupted(tiny, chain, tmp_path: Path, optimiser: str, same) -> None:
    chosen = tiny.model_copy(update={"optimiser": optimiser})
    space, shown = chain().action_space, chain().observation_space

    def run(env_steps: int, saving: Saving | None) -> tuple[DreamerAgent, list]:
        agent = DreamerAgent(shown, space, chosen, 5)
        done = train(agent, chain, env_steps=env_steps, env_steps_per_update=8, seed=9, saving=saving)
        return agent, done.curve

    whole, curve = run(100, None)
    saving = Saving(tmp_path / "checkpoint.safetensors", "these settings", seconds=0)
    run(50, saving)
    again, continued = run(100, saving)
    assert continued == curve
    assert whole.updates > 5
    assert same(again.state(), whole.state())


def test_weights_are_enough_to_act(tiny, chain) -> None:
    space, shown = chain().action_space, chain().observation_space
    agent, other = DreamerAgent(shown, space, tiny, 0), DreamerAgent(shown, space, tiny, 1)
    train(agent, chain, env_steps=60, env_steps_per_update=20, seed=0)
    other.load_weights(agent.weights())
    first = np.ones(40, dtype=bool)
    for one in (agent, other):
        one.begin(40, seed=3)
    shown_now = {"attributes": np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)}
    np.testing.assert_array_equal(*(one.act(shown_now, first) for one in (agent, other)))


@pytest.mark.slow
def test_it_learns_the_chain(tiny, chain) -> None:
    """Reward grows with the place and ends at 7: the best policy creeps to 6 and stays until the time limit."""
    chosen = tiny.model_copy(update={"batch_size": 8, "world_model_lr": 3e-3, "entropy": 1e-3})
    agent = DreamerAgent(chain().observation_space, chain().action_space, chosen, 0)
    losses: list[float] = []
    run = train(
        agent,
        lambda: chain(limit=12),
        env_steps=3200,
        env_steps_per_update=8,
        seed=0,
        on_metrics=lambda _, m: losses.append(m["world_model/vector"] + m["world_model/reward"]),
    )
    returns = [row["value"] for row in run.curve if row["metric"] == "train_return"]
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:20])
    assert np.mean(returns[-20:]) > np.mean(returns[:20]) + 100


def test_robodesks_continuous_actions(tiny) -> None:
    def env() -> RoboDesk:
        return RoboDesk("push_green", episode_decisions=6, observe=("attributes",))

    chosen = tiny.model_copy(update={"env_steps_per_update": 16})
    agent = DreamerAgent(env().observation_space, env().action_space, chosen, 0)
    train(agent, env, env_steps=80, env_steps_per_update=16, seed=0)
    assert agent.updates >= 2
    actions = agent.replay.sample(1, agent.replay.size, torch.Generator())["action"][0]
    assert actions.shape[-1] == 5
    assert actions.std(0).min() > 0.1


def test_simple_shapes_as_it_is_shown(tiny) -> None:
    env = SimpleShapes(episode_decisions=8)
    agent = make_agent("dreamer_2m", env.observation_space, env.action_space, tiny, 0)
    run = train(agent, lambda: env, env_steps=24, env_steps_per_update=12, seed=0)
    assert run.env_steps == 24
    assert agent.updates == 2


@pytest.mark.parametrize("env", ["simple_shapes", "robodesk"])
def test_what_is_counted_is_what_is_trained(tiny, env: str) -> None:
    shapes = SHAPES[env]
    shown = gymnasium.spaces.Dict(
        {
            "image": gymnasium.spaces.Box(0, 255, (shapes.resolution, shapes.resolution, 3), np.uint8),
            "attributes": gymnasium.spaces.Box(-1, 1, (shapes.vector,), np.float32),
        }
    )
    trained = DreamerAgent(shown, shapes.actions, tiny, 0).model
    counted = meta_model(tiny, shapes)
    assert type(counted) is type(trained)
    assert {n: p.shape for n, p in counted.named_parameters()} == {n: p.shape for n, p in trained.named_parameters()}


def test_methods_name_their_sizes(agents_settings) -> None:
    for method in ("dreamer_2m", "dreamer_12m", "dreamer_40m", "dreamer_100m"):
        line, learning = METHODS[method], agents_settings.learning(method)
        assert line.sees == "observations"
        assert not line.encodes
        assert isinstance(learning, DreamerV3Settings)
        assert f"dreamer_{learning.size}" == method


@pytest.fixture
def agents_settings(paper_config):
    return paper_config.environments.robodesk.agents
