"""What world models expect of actions that were really taken, when they are shown nothing any more.

A dream starts at row s of a played episode. A cleared memory is shown the rows s − context … s, as the rows of a chunk
in training; then come the actions a_s … a_{s+K-1} of the episode, and nothing else. Indices are those of
`gwpipe.agents.timing`: a_s leads from row s to row s + 1, so step k = 1 … K is judged by row s + k.

| of row s + k     | attributes                            | reward on arriving                          |
|------------------|---------------------------------------|---------------------------------------------|
| `world_model`    | the dream's state k, decoded          | predicted at the dream's state k            |
| `representation` | row s + k itself, encoded and decoded | predicted when all rows to s + k were shown |
| `standstill`     | row s, encoded and decoded            | the one received on arriving at row s       |

A DreamerV3 has no representation but its own latents: `representation` and `standstill` are its posteriors at these
rows, decoded by its own decoder. Its latents are drawn once for each dream, as when it imagines.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.agents.agent import Agent
from gwpipe.agents.dreamer_v3_agent import DreamerAgent
from gwpipe.agents.dreamer_v3_rssm import VARIABLES, Latent
from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.policies import gumbel
from gwpipe.agents.two_hot import symexp, two_hot_mean
from gwpipe.errors import UserError
from gwpipe.evaluation.watched import Episode
from gwpipe.representations import Representation

SOURCES = ("world_model", "representation", "standstill")
VECTOR = "attr"
"""The domain whose decoder shows the environment's attributes."""

Expected = dict[str, Tensor]
"""Source → (N, K, …)."""


@dataclass(frozen=True)
class Span:
    """Where N dreams of one episode of T decisions lie: columns are rows s − context … s + K."""

    rows: Tensor
    """(N, context + 1 + K), of the episode; those beyond its end are its last."""
    actions: Tensor
    """(N, context + K), the action that leads out of each row but the last."""
    inside: npt.NDArray[np.bool_]
    """(N, K): is row s + k in the episode?"""
    context: int

    @property
    def later(self) -> Tensor:
        """(N, K), rows s + 1 … s + K."""
        return self.rows[:, self.context + 1 :]

    @property
    def start(self) -> Tensor:
        """(N,), rows s."""
        return self.rows[:, self.context]


def span(decisions: int, context: int, every: int, steps: int) -> Span:
    """Dreams of `steps` steps in an episode of `decisions`, one every `every` rows, from the first with its context on.

    The first row is no start, as no reward was received there.
    """
    starts = torch.arange(max(context, 1), decisions, every)
    rows = starts[:, None] + torch.arange(-context, steps + 1)
    inside = (rows[:, context + 1 :] <= decisions).numpy()
    return Span(rows.clamp(max=decisions), rows[:, :-1].clamp(max=decisions - 1), inside, context)


def expect(
    agent: Agent, episode: Episode, context: int, every: int, decodes: bool, generator: torch.Generator
) -> tuple[Span, Expected, Expected]:
    """Where the dreams of an episode lie, and what is expected there: attributes (N, K, A) and rewards (N, K).

    They are as long as those that the agent learns from. No attributes where z cannot be decoded (`decodes`).

    Raises:
        UserError: the attributes that z is decoded to are not all of the environment's.
    """
    if not isinstance(agent, DreamingAgent | DreamerAgent):
        raise TypeError(f"{type(agent).__name__} does not dream")
    where = span(len(episode.actions), context, every, agent.settings.imagination_length)
    if isinstance(agent, DreamingAgent):
        return where, *of_gru(agent, episode, where, decodes)
    return where, *of_rssm(agent, episode, where, generator)


@torch.no_grad()
def of_gru(agent: DreamingAgent, episode: Episode, where: Span, decodes: bool) -> tuple[Expected, Expected]:
    """Attributes and rewards that a GRU world model expects; its dream is that of `imagination.imagine`."""
    seen, model, device = agent.representation, agent.world_model, agent.device
    z = seen.fuse(seen.encode(episode.observations)).to(device)
    action = agent.policy.from_env(episode.actions).to(device)[where.actions]
    shown = z[where.rows]
    states = [torch.zeros(len(shown), agent.settings.gru_hidden, device=device)]
    for t in range(action.shape[1]):
        states.append(model.step(states[-1], shown[:, t], action[:, t]))
    h, dreamt = states[where.context], shown[:, where.context]
    hs, zs = [], []
    for t in range(where.context, action.shape[1]):
        h = model.step(h, dreamt, action[:, t])
        dreamt = model.dream_z(h, dreamt)
        hs.append(h)
        zs.append(dreamt)
    dreams, later = torch.stack(zs, 1), z[where.later]
    rewards = {
        "world_model": model.predict_reward(torch.stack(hs, 1), dreams),
        "representation": model.predict_reward(torch.stack(states[where.context + 1 :], 1), later),
        "standstill": _received(episode, where),
    }
    if not decodes:
        return {}, rewards
    whole = _decoded(seen, z, episode.observations["attributes"])
    shape = dreams.shape[:2]
    found = _decoded(seen, dreams.flatten(0, 1), episode.observations["attributes"]).unflatten(0, shape)
    return {"world_model": found, **_references(whole[where.later], whole[where.start])}, rewards


@torch.no_grad()
def of_rssm(
    agent: DreamerAgent, episode: Episode, where: Span, generator: torch.Generator
) -> tuple[Expected, Expected]:
    """Attributes and rewards that a DreamerV3 expects; its latents are drawn from `generator`."""
    model, rssm = agent.model, agent.model.rssm
    shown = agent.shown(episode.observations)
    tokens = model.tokens(shown.get("image"), shown.get("attributes"))[where.rows]
    action = agent.policy.from_env(episode.actions).to(agent.device)[where.actions]
    count, rows = where.rows.shape
    shape = (count, VARIABLES, rssm.classes)
    nothing = Latent(tokens.new_zeros(count, rssm.deter), tokens.new_zeros(shape))
    is_first = torch.zeros(count, rows, dtype=torch.bool, device=agent.device)
    is_first[:, 0] = True
    before = torch.cat([torch.zeros_like(action[:, :1]), action], 1)
    noise = gumbel((count, rows, VARIABLES, rssm.classes), generator)
    seen = rssm.observe(nothing, tokens, before, is_first, noise).latent
    latent = Latent(seen.deter[:, where.context], seen.stoch[:, where.context])
    start, mixing, dreams = latent.features, rssm.mixing(), []
    for t in range(where.context, rows - 1):
        latent = rssm.dream(latent, action[:, t], gumbel(shape, generator), mixing)
        dreams.append(latent.features)
    dreamt, later = torch.stack(dreams, 1), seen.features[:, where.context + 1 :]
    rewards = {
        "world_model": two_hot_mean(model.reward(dreamt), model.bins),
        "representation": two_hot_mean(model.reward(later), model.bins),
        "standstill": _received(episode, where),
    }
    if model.seen.vector is None:
        return {}, rewards
    found = {"world_model": model.tell(dreamt), **_references(model.tell(later), model.tell(start))}
    return {source: symexp(vector) for source, vector in found.items()}, rewards


def _received(episode: Episode, where: Span) -> Tensor:
    """(N, K), the reward at each start, again and again."""
    return torch.from_numpy(episode.rewards)[where.start][:, None].expand(where.later.shape)


def _references(later: Tensor, start: Tensor) -> Expected:
    """Attributes (N, K, A) of the later rows, and those of the starts (N, A) in place of each."""
    return {"representation": later, "standstill": start[:, None].expand(later.shape)}


def _decoded(seen: Representation, z: Tensor, true: npt.NDArray[np.float32]) -> Tensor:
    """(B, A) attributes that z (B, dim) stands for; `true`: some (…, A) of the environment."""
    found = seen.reconstruct(z, VECTOR)
    width = true.shape[-1]
    if found.shape[-1] < width:
        raise UserError(
            f"domain '{VECTOR}' shows {found.shape[-1]} of {width} attributes; errors need all of them: "
            "set its options so that it leaves none out"
        )
    return torch.from_numpy(found[:, :width])  # private values stand behind the attributes
