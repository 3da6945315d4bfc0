"""train_agent: what it opens it closes."""

import gymnasium
import pytest

from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import train_agent


@pytest.fixture
def settings(repository):
    agents = "environments.simple_shapes.agents"
    cuts = [f"{agents}.env_steps=40", f"{agents}.evaluation.episodes=1", f"{agents}.dreaming.prefill=1000"]
    config = load([repository / "config.yaml", repository / "workflow/scales/smoke.yaml"], cuts)
    return stage_settings("train_agent", config, env="simple_shapes", task="centre", method="vae_dreamer", seed=0)


def test_every_environment_is_closed(measured, settings, monkeypatch):
    opened, closed = [], []
    make = gymnasium.make

    class Watched(gymnasium.Wrapper):
        def close(self):
            closed.append(self)
            super().close()

    def watch(*words, **settings):
        opened.append(Watched(make(*words, **settings)))
        return opened[-1]

    monkeypatch.setattr(gymnasium, "make", watch)
    train_agent.run(settings, measured.place, Machine())
    assert len(opened) == 2, "one to train in, one to be measured in"
    assert {*map(id, closed)} == {*map(id, opened)}
