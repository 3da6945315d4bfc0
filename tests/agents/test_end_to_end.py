"""GW-Dreamer end to end: the workspace learns along, is saved, and a stopped run goes on as it would have."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.end_to_end import EndToEndAgent
from gwpipe.agents.loop import Saving, train
from gwpipe.domains.fit import learning_rate
from gwpipe.errors import UserError
from gwpipe.representations import ConcatenatedVAEs
from gwpipe.settings import load
from gwpipe.settings.agents import DreamingSettings, EndToEndDreamingSettings


class Part(nn.Module):
    """A domain that shows two of the chain's three numbers as they are; nothing to train."""

    observation, latent = "attributes", 2

    def __init__(self, columns: slice) -> None:
        super().__init__()
        self.columns = columns
        self.encoded = 0

    def encode(self, observations: np.ndarray) -> torch.Tensor:
        self.encoded += len(observations)
        return torch.from_numpy(observations[:, self.columns])


def _seen() -> ConcatenatedVAEs:
    return ConcatenatedVAEs({"near": Part(slice(0, 2)), "far": Part(slice(1, 3))})


@pytest.fixture
def along(small: DreamingSettings, smoke_config) -> EndToEndDreamingSettings:
    # What makes the chain quick to learn, with the workspace of the smoke scale.
    block = smoke_config.environments.simple_shapes.agents.end_to_end
    return EndToEndDreamingSettings(**{**dict(small), "standardised_z": True}, end_to_end=block)


def _agent(settings: EndToEndDreamingSettings, chain, seed: int = 5) -> EndToEndAgent:
    return EndToEndAgent(_seen(), chain().action_space, settings, seed)


def test_the_settings_are_those_of_dreaming_and_the_representations_workspace(repository) -> None:
    config = load([repository / "config.yaml"])
    study = config.environments.simple_shapes
    settings = study.agents.learning("gw_dreamer_e2e")
    assert isinstance(settings, EndToEndDreamingSettings)
    assert {name: getattr(settings, name) for name in DreamingSettings.model_fields} == dict(study.agents.dreaming)
    form = settings.end_to_end.workspace
    assert form.dim == study.representation.workspace.dim
    assert form.optimisation == settings.end_to_end.optimisation
    without = settings.end_to_end.model_copy(update={"workspace": None})
    with pytest.raises(UserError, match=r"workspace\.kinds does not have"):
        study.agents.model_copy(update={"end_to_end": without}).learning("gw_dreamer_e2e")


def test_the_workspace_learns_along_twice_an_update_on_latents_from_replay(along, chain) -> None:
    agent = _agent(along, chain)
    before = {name: value.clone() for name, value in agent.workspace.state_dict().items()}
    losses = []
    run = train(
        agent,
        chain,
        env_steps=240,
        env_steps_per_update=4,
        seed=0,
        on_metrics=lambda _, measured: losses.append(measured["workspace/loss"]),
    )
    assert agent.workspace_updates == 2 * agent.updates == 2 * len(losses) > 60
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])
    assert not any(torch.equal(before[name], value) for name, value in agent.workspace.state_dict().items())
    assert "z" not in agent.replay.columns
    assert agent.encoded_observations == run.env_steps // 2 + run.episodes
    assert [vae.encoded for vae in agent.representation.vaes.values()] == [agent.encoded_observations] * 2
    rows = agent.replay.sample(300, 1, torch.Generator().manual_seed(0))
    with torch.no_grad():
        z = agent.representation.fuse({name: rows[f"u/{name}"][:, 0] for name in agent.workspace.domains})
    # The state that the agent sees is standardised by what was measured on the way.
    assert z.mean(0).abs().max() < 0.5
    assert 0.6 < z.std(0).min() < z.std(0).max() < 1.6


def test_what_acts_is_saved_whole(along, chain) -> None:
    agent, other = _agent(along, chain), _agent(along, chain, seed=6)
    train(agent, chain, env_steps=80, env_steps_per_update=4, seed=0)
    other.load_weights(agent.weights())
    observations = {"attributes": np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)}
    for actor in (agent, other):
        actor.begin(64)
    first = np.ones(64, bool)
    np.testing.assert_array_equal(agent.act(observations, first, "greedy"), other.act(observations, first, "greedy"))
    assert "workspace" in agent.weights()
    assert set(agent.weights()) == {"workspace", *DreamingAgent.weights(agent)}


def test_stopped_and_continued_equals_uninterrupted(along, chain, tmp_path: Path, same) -> None:
    def play(agent: EndToEndAgent, env_steps: int, saving: Saving | None = None):
        return train(agent, chain, env_steps=env_steps, env_steps_per_update=4, seed=9, saving=saving)

    whole, again = _agent(along, chain), _agent(along, chain)
    uninterrupted = play(whole, 160)
    saving = Saving(tmp_path / "checkpoint.safetensors", "these settings", seconds=0)
    play(_agent(along, chain), 90, saving)
    assert play(again, 160, saving) == uninterrupted
    assert same(again.state(), whole.state())


@pytest.mark.parametrize(("after", "expected"), [("hold", [18, 19, 19, 19]), ("repeat", [18, 19, 0, 1])])
def test_after_the_cycle(along, chain, after: str, expected: list[int]) -> None:
    block = along.end_to_end.model_copy(update={"after_cycle": after})
    agent = _agent(along.model_copy(update={"end_to_end": block}), chain)
    rates = []
    for agent.workspace_updates in (18, 19, 20, 21):
        rates.append(agent._learning_rate())
    assert rates == [learning_rate(step, block.optimisation) for step in expected]


def test_spreads_are_those_of_all_batches_at_first_and_of_the_last_ones_later(along, chain) -> None:
    agent = _agent(along, chain)
    batches = torch.randn(4, 500, along.end_to_end.workspace.dim, generator=torch.Generator().manual_seed(0)) * 2 + 1
    for agent.workspace_updates, batch in enumerate(batches):
        agent._follow("z_centre", "z_scale", batch)
    torch.testing.assert_close(agent.workspace.get_buffer("z_centre"), batches.flatten(0, 1).mean(0))
    torch.testing.assert_close(
        agent.workspace.get_buffer("z_scale"), batches.flatten(0, 1).std(0), rtol=2e-3, atol=1e-3
    )
    agent.workspace_updates = 10_000
    for _ in range(1000):
        agent._follow("z_centre", "z_scale", batches[0] + 7)
    torch.testing.assert_close(agent.workspace.get_buffer("z_centre"), batches[0].mean(0) + 7, rtol=0, atol=1e-2)
