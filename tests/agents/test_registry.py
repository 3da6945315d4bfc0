from typing import get_args

import gymnasium
import pytest

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.registry import METHODS, entry
from gwpipe.errors import UserError
from gwpipe.settings.agents import RESERVED_METHODS, Method


@pytest.mark.parametrize(
    ("method", "workspace"), [("gw_dreamer", "gw"), ("vae_dreamer", None), ("clip_dreamer", "clip")]
)
def test_the_dreamers_differ_by_their_representation_alone(method: str, workspace: str | None, small, plain) -> None:
    line = entry(method)
    assert line.workspace == workspace
    made = line.make(plain(), gymnasium.spaces.Discrete(3), small, 0)
    assert isinstance(made, DreamingAgent)
    assert made.settings == small


def test_every_method_of_the_settings_is_registered() -> None:
    assert set(METHODS) == set(get_args(Method))
    assert not set(METHODS) & set(RESERVED_METHODS)


@pytest.mark.parametrize("method", RESERVED_METHODS)
def test_reserved_methods_are_not_available_yet(method: str) -> None:
    with pytest.raises(UserError, match=f"'{method}' is not available yet"):
        entry(method)


def test_unknown_methods_name_the_nearest() -> None:
    with pytest.raises(UserError, match="'gw_draemer' is unknown; did you mean 'gw_dreamer'"):
        entry("gw_draemer")
    with pytest.raises(UserError, match="valid here: gw_dreamer, vae_dreamer, clip_dreamer"):
        entry("xyz")
