"""Counts at the paper's sizes (made once) and small made-up ones."""

import pytest

from gwpipe.flops.costs import Costs, Counts
from gwpipe.settings import Config
from gwpipe.settings.table1_stages import PRINTED_DREAMERS, Sizes, sizes


def sizes_of(config: Config, env: str) -> Sizes:
    return sizes(config, env, [*config.environments[env].agents.runs, *PRINTED_DREAMERS[env]])


@pytest.fixture(scope="session")
def robodesk(paper_config: Config) -> Sizes:
    return sizes_of(paper_config, "robodesk")


@pytest.fixture(scope="session")
def simple_shapes(paper_config: Config) -> Sizes:
    return sizes_of(paper_config, "simple_shapes")


@pytest.fixture
def counts() -> Counts:
    """RoboDesk's, in round numbers; at the paper's size near those that are really counted."""
    present = Costs(
        vae={"v": 1000, "attr": 10},
        workspace={"gw": 100, "clip": 20},
        rl={"gw_dreamer": 7, "vae_dreamer": 8, "clip_dreamer": 7},
        encode_vaes=3,
        encode={"gw_dreamer": 5, "vae_dreamer": 3, "clip_dreamer": 5},
    )
    paper = Costs(
        vae={"v": 21 * 10**12, "attr": 10**12},
        workspace={"gw": 9 * 10**10, "clip": 16 * 10**9},
        rl={
            "gw_dreamer": 2 * 10**11,
            "vae_dreamer": 2 * 10**11,
            "clip_dreamer": 2 * 10**11,
            "dreamer_12m": 8 * 10**11,
            "dreamer_40m": 3 * 10**12,
        },
        encode_vaes=277,
        encode={"gw_dreamer": 279, "vae_dreamer": 277, "clip_dreamer": 279},
    )
    return Counts(env="robodesk", present=present, paper=paper, parameters={})
