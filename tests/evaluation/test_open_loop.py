"""World models that are perfect, or predict no change, have the errors that they must have; indices fit the table."""

import math
from dataclasses import replace
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
import torch

from gwpipe.agents.dreamer_v3 import Noise
from gwpipe.agents.dreamer_v3_agent import DreamerAgent
from gwpipe.agents.dreamer_v3_rssm import VARIABLES, Latent
from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.imagination import imagine
from gwpipe.agents.policies import CategoricalPolicy, gumbel
from gwpipe.agents.two_hot import symexp, symlog
from gwpipe.domains.attributes import ShapeAttributesVAE
from gwpipe.domains.plain_attributes import PlainAttributes
from gwpipe.envs.simple_shapes import ATTRIBUTES, TARGET, TURN, SimpleShapes
from gwpipe.errors import UserError
from gwpipe.evaluation.open_loop import SOURCES, of_gru, of_rssm, span
from gwpipe.evaluation.open_loop_table import COLUMNS, REWARD, errors, rows
from gwpipe.evaluation.random_policy import RandomPolicy
from gwpipe.evaluation.watched import Episode, watch
from gwpipe.representations import ConcatenatedVAEs
from gwpipe.settings.agents import DreamingSettings
from gwpipe.settings.dreamer_v3 import DreamerV3Settings

CONTEXT, EVERY, STEPS, DECISIONS = 3, 4, 5, 14
LEARNING = {"imagination_length": STEPS, "batch_size": 2, "batch_length": 4, "env_steps_per_update": 4}
GRU = DreamingSettings(
    gru_input=8, gru_hidden=8, z_hidden=[], head_hidden=[8], world_model_lr=1e-3, actor_hidden=[8], critic_hidden=[8],
    actor_critic_lr=1e-3, discount=0.9, **LEARNING,
)  # fmt: skip
RSSM = DreamerV3Settings.model_validate(
    {"size": "2m", "widths": {"deter": 16, "hidden": 8, "classes": 4, "depth": 4, "units": 8}}
    | {"world_model_lr": 1e-3, "actor_critic_lr": 1e-3, "discount": 0.9, **LEARNING}
)
POSITION, ROTATION = ("position", "px"), ("rotation", "deg")

X = torch.tensor([0.0, 1, 0, -1, 0, 0, 0]) / 9
Y = torch.tensor([0.0, 0, 1, 0, -1, 0, 0]) / 9
ROTATED = torch.tensor([0.0, 0, 0, 0, 0, 1, -1]) * TURN


def moved(attributes, action):
    """Normalised attributes (N, 11) after one-hot actions (N, 7), by the rules of Simple Shapes."""
    after, turn = attributes.clone(), action @ ROTATED
    after[:, 3] += action @ X
    after[:, 4] += action @ Y
    cos, sin = attributes[:, 6], attributes[:, 7]
    after[:, 6] = cos * turn.cos() - sin * turn.sin()
    after[:, 7] = sin * turn.cos() + cos * turn.sin()
    return after


def reward_of(attributes):
    """(…,) of normalised attributes (…, 11)."""
    distance = ((attributes[..., 3:5] + 1) * 9 + 7 - TARGET).norm(dim=-1)
    return -distance - 10 * torch.atan2(attributes[..., 7].abs(), attributes[..., 6])


def still(attributes, action):
    return attributes


class GRUModel:
    """In place of a GRU world model: z is the attributes, and h the action that leads to the next."""

    def __init__(self, law):
        self.law = law

    def step(self, h, z, action):
        return action

    def dream_z(self, next_h, z):
        return self.law(z, next_h)

    def predict_reward(self, next_h, next_z):
        return reward_of(next_z)


class RSSMModel:
    """In place of a DreamerV3: `deter` is the attributes; what it observes must follow from the actions before."""

    bins = torch.tensor([-500.0, 500.0])
    seen = SimpleNamespace(vector=ATTRIBUTES)

    def __init__(self, law):
        self.law = law
        self.rssm = SimpleNamespace(
            deter=ATTRIBUTES, classes=4, observe=self.observe, dream=self.dream, mixing=lambda: None
        )

    def tokens(self, image, vector):
        return vector

    def observe(self, start, tokens, before, is_first, noise):
        assert is_first[:, 0].all()
        assert not is_first[:, 1:].any()
        for t in range(1, CONTEXT + 1):
            torch.testing.assert_close(tokens[:, t], moved(tokens[:, t - 1], before[:, t]))
        return SimpleNamespace(latent=Latent(tokens, torch.zeros_like(noise)))

    def dream(self, latent, action, noise, mixing):
        return Latent(self.law(latent.deter, action), latent.stoch)

    def tell(self, features):
        return symlog(features[..., :ATTRIBUTES])

    def reward(self, features):
        share = (reward_of(features[..., :ATTRIBUTES]) + 500) / 1000
        return torch.stack([1 - share, share], -1).log()


ACTIONS = gymnasium.spaces.Discrete(7)
SHOWN = gymnasium.spaces.Dict({"attributes": gymnasium.spaces.Box(-9, 9, (ATTRIBUTES,), np.float32)})


def gru_agent(domain=None):
    return DreamingAgent(ConcatenatedVAEs({"attr": domain or PlainAttributes(ATTRIBUTES)}), ACTIONS, GRU, 0)


def agent_with(kind, law):
    agent = gru_agent() if kind == "gru" else DreamerAgent(SHOWN, ACTIONS, RSSM, 0)
    setattr(agent, "world_model" if kind == "gru" else "model", (GRUModel if kind == "gru" else RSSMModel)(law))
    return agent


@pytest.fixture(scope="module")
def episodes():
    env = SimpleShapes(episode_decisions=DECISIONS, observe=("attributes",))
    return watch(RandomPolicy(env.action_space), [env], 3, 1, "sample")


@pytest.fixture(params=["gru", "rssm"])
def kind(request):
    return request.param


def measured(agent, episode, decodes=True):
    return errors(agent, episode, "simple_shapes", CONTEXT, EVERY, decodes, torch.Generator().manual_seed(0))


def test_an_episode_is_kept_as_the_table_of_indices_has_it(episodes):
    env = SimpleShapes(episode_decisions=DECISIONS, observe=("attributes",))
    assert len({episode.observations["attributes"].tobytes() for episode in episodes}) == 3
    for episode in episodes:
        shown = episode.observations["attributes"]
        assert (shown.shape, episode.actions.shape) == ((DECISIONS + 1, ATTRIBUTES), (DECISIONS,))
        assert episode.rewards[0] == 0
        raw = torch.from_numpy(shown)
        action = CategoricalPolicy(7, 0).from_env(episode.actions)
        torch.testing.assert_close(raw[1:], moved(raw[:-1], action))
        torch.testing.assert_close(
            reward_of(raw[1:]).double(), torch.from_numpy(episode.rewards[1:]), atol=1e-3, rtol=0
        )
    env.close()


def test_a_span_ends_with_its_episode():
    where = span(decisions=9, context=2, every=3, steps=4)
    assert where.rows.tolist() == [[0, 1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 7, 8, 9], [6, 7, 8, 9, 9, 9, 9]]
    assert where.actions.tolist() == [[0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8], [6, 7, 8, 8, 8, 8]]
    assert where.start.tolist() == [2, 5, 8]
    assert where.later[0].tolist() == [3, 4, 5, 6]
    assert where.inside.tolist() == [[True] * 4, [True] * 4, [True, False, False, False]]
    assert span(9, 0, 20, 4).start.tolist() == [1], "no reward was received in the first row"


def test_a_perfect_world_model_errs_as_the_representation_does(kind, episodes):
    agent = agent_with(kind, moved)
    for episode in episodes:
        for quantity, sources in measured(agent, episode).items():
            assert set(sources) == set(SOURCES)
            np.testing.assert_allclose(sources["world_model"], sources["representation"], atol=2e-3, err_msg=quantity)
            assert np.nanmax(sources["representation"]) < 2e-3, "attributes that are their own latents lose nothing"
        standstill = measured(agent, episode)[POSITION]["standstill"]
        assert np.nanmax(standstill) >= 1
        assert standstill.shape == (len(range(CONTEXT, DECISIONS, EVERY)), STEPS)


def test_a_world_model_without_change_errs_as_standstill_does(kind, episodes):
    agent = agent_with(kind, still)
    for episode in episodes:
        for quantity, sources in measured(agent, episode).items():
            np.testing.assert_allclose(sources["world_model"], sources["standstill"], atol=2e-3, err_msg=quantity)


@pytest.mark.parametrize("shift", [-1, 1])
def test_actions_or_rewards_of_another_row_are_noticed(kind, episodes, shift):
    agent = agent_with(kind, moved)
    episode = episodes[0]
    late = replace(episode, rewards=np.roll(episode.rewards, shift))
    assert np.nanmedian(measured(agent, late)[REWARD]["world_model"]) > 0.2
    other = replace(episode, actions=np.roll(episode.actions, shift))
    if kind == "rssm":  # whose stand-in checks the context itself
        with pytest.raises(AssertionError):
            measured(agent, other)
    else:
        assert np.nanmean(measured(agent, other)[POSITION]["world_model"]) > 0.2
        assert np.nanmean(measured(agent, other)[ROTATION]["world_model"]) > 1


class Replaying(CategoricalPolicy):
    """Takes what is handed in as noise for the action."""

    def sample(self, outputs, noise):
        return noise


def test_a_gru_dreams_as_in_training(episodes):
    agent, episode = gru_agent(), episodes[0]
    model = agent.world_model
    torch.nn.init.normal_(model.reward[-1].weight, generator=torch.Generator().manual_seed(0))
    where = span(DECISIONS, CONTEXT, EVERY, STEPS)
    found, rewards = of_gru(agent, episode, where, True)
    z = torch.from_numpy(episode.observations["attributes"])[where.rows]
    action = agent.policy.from_env(episode.actions)[where.actions]
    first = torch.zeros(action.shape[:2], dtype=torch.bool)
    first[:, 0] = True
    with torch.no_grad():
        before, after = model.sequence(torch.ones(len(z), GRU.gru_hidden), z[:, :-1], action, first)
        taken = action[:, CONTEXT:].transpose(0, 1)
        policy, actor = Replaying(7, 0), agent.actor_critic.actor
        dream = imagine(model, actor, policy, before[:, CONTEXT], z[:, CONTEXT], taken, "hz")
        judged = model.predict_reward(after[:, CONTEXT:], z[:, CONTEXT + 1 :])
    torch.testing.assert_close(rewards["world_model"], dream.reward.T)
    torch.testing.assert_close(rewards["representation"], judged)
    dreamt = dream.seen[1:, :, GRU.gru_hidden :].transpose(0, 1)
    torch.testing.assert_close(found["world_model"][..., 3:], dreamt[..., 3:])
    torch.testing.assert_close(found["representation"], z[:, CONTEXT + 1 :])


def test_a_dreamer_dreams_as_in_training(episodes):
    agent, episode = DreamerAgent(SHOWN, ACTIONS, RSSM, 0), episodes[0]
    model = agent.model
    torch.nn.init.normal_(model.reward[-1].weight, generator=torch.Generator().manual_seed(0))
    where = span(DECISIONS, CONTEXT, EVERY, STEPS)
    found, rewards = of_rssm(agent, episode, where, torch.Generator().manual_seed(5))
    drawn, (count, width) = torch.Generator().manual_seed(5), where.rows.shape
    shape = (VARIABLES, RSSM.sizes.classes)
    posterior = gumbel((count, width, *shape), drawn)
    prior = torch.stack([gumbel((count, *shape), drawn) for _ in range(STEPS)])
    latent = Latent(torch.zeros(count, RSSM.sizes.deter), torch.zeros(count, *shape))
    vector = torch.from_numpy(episode.observations["attributes"])
    action = agent.policy.from_env(episode.actions)[where.actions]
    with torch.no_grad():
        for t in range(CONTEXT + 1):  # as it acts
            before = action[:, t - 1] if t else torch.zeros(count, 7)
            latent = model.rssm.see(latent, before, model.tokens(None, vector[where.rows[:, t]]), posterior[:, t])
        model.policy = Replaying(7, 0)
        noise = Noise(posterior, prior, action[:, CONTEXT:].transpose(0, 1))
        features, _ = model.imagine(latent, noise)
        told = symexp(model.tell(features)).transpose(0, 1)
    torch.testing.assert_close(found["standstill"][:, 0], told[:, 0])
    torch.testing.assert_close(found["world_model"], told[:, 1:])
    assert rewards["world_model"].shape == rewards["representation"].shape == (count, STEPS)


def test_rows_count_what_lies_in_the_episodes(kind, episodes):
    generator = torch.Generator()
    found = list(rows(agent_with(kind, still), episodes, "simple_shapes", CONTEXT, EVERY, True, generator))
    assert {name for row in found for name in row} <= set(COLUMNS)
    moves = {row["step"]: row for row in found if (row["quantity"], row["statistic"]) == ("position", "mean")}
    # Starts 3, 7 and 11 of 14 decisions: the last sees three more rows.
    assert {step: row["rows"] for step, row in moves.items()} == {1: 9, 2: 9, 3: 9, 4: 6, 5: 6}
    by_hand = [measured(agent_with(kind, still), episode)[POSITION]["standstill"][:, 1] for episode in episodes]
    assert moves[2]["standstill"] == pytest.approx(np.mean(by_hand))
    assert {row["statistic"] for row in found if row["quantity"] == "wrong class"} == {"mean"}


def test_what_cannot_be_decoded_has_a_reward_alone(episodes):
    assert set(measured(gru_agent(), episodes[0], decodes=False)) == {REWARD}


def test_a_desk_is_measured_in_metres_and_radians():
    drawn = np.random.default_rng(0)
    shown = {"attributes": drawn.normal(size=(8, 76)).astype(np.float32)}
    episode = Episode(shown, drawn.normal(size=(7, 5)).astype(np.float32), np.arange(8.0))
    seen = ConcatenatedVAEs({"attr": PlainAttributes(76)})
    agent = DreamingAgent(seen, gymnasium.spaces.Box(-1, 1, (5,), np.float32), GRU, 0)
    found = errors(agent, episode, "robodesk", CONTEXT, EVERY, True, torch.Generator())
    assert {unit for _, unit in found} == {"m", "rad", "reward"}
    assert np.nanmax(found["drawer", "m"]["representation"]) < 1e-5
    assert np.nanmin(found["end effector", "m"]["standstill"]) > 0.1


def test_attributes_that_are_left_out_are_refused_and_private_ones_are_not_compared(episodes):
    domain = ShapeAttributesVAE(4, width=0.1, without=["size"])
    with pytest.raises(UserError, match="domain 'attr' shows 10 of 11 attributes"):
        measured(gru_agent(domain), episodes[0])
    found = measured(gru_agent(ShapeAttributesVAE(4, width=0.1, unpaired=1)), episodes[0])
    assert math.isfinite(np.nanmean(found[POSITION]["world_model"]))


def test_a_context_longer_than_the_episodes_is_refused(episodes):
    with pytest.raises(UserError, match=r"no dream fits into episodes of at most 14 decisions after a context of 14"):
        list(rows(gru_agent(), episodes, "simple_shapes", DECISIONS, EVERY, True, torch.Generator()))
