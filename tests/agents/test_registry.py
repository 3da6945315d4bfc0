import gymnasium
import pytest

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.registry import make_agent
from gwpipe.errors import UserError
from gwpipe.settings.agents import AgentsSettings
from gwpipe.settings.methods import METHODS, entry


@pytest.mark.parametrize(
    ("method", "sees", "workspace"),
    [("gw_dreamer", "gw", "gw"), ("vae_dreamer", "vaes", None), ("clip_dreamer", "clip", "clip")],
)
def test_the_dreamers_differ_by_their_representation_alone(
    method: str, sees: str, workspace: str | None, small, plain
) -> None:
    line = entry(method)
    assert (line.sees, line.workspace, line.encodes) == (sees, workspace, True)
    made = make_agent(method, plain(), gymnasium.spaces.Discrete(3), small, 0)
    assert isinstance(made, DreamingAgent)
    assert made.settings == small


def test_every_method_learns_by_a_block_of_the_settings() -> None:
    assert {line.learning for line in METHODS.values()} <= set(AgentsSettings.model_fields)


def test_unknown_methods_name_the_nearest() -> None:
    with pytest.raises(UserError, match="'gw_draemer' is unknown; did you mean 'gw_dreamer'"):
        entry("gw_draemer")
    with pytest.raises(UserError, match="valid here: gw_dreamer, vae_dreamer, clip_dreamer"):
        entry("xyz")
