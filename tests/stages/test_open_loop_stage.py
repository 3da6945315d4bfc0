"""open_loop on agents that were really trained, at smoke scale and less."""

import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.evaluation.open_loop_table import COLUMNS
from gwpipe.settings.methods import METHODS

AGENTS = "environments.simple_shapes.agents"
DREAMING = ("gw_dreamer_e2e", "gw_dreamer_v", "clip_dreamer", "dreamer_2m")
REWARD_ALONE = {"clip_dreamer"}


@pytest.fixture(scope="module")
def compared(make_compared):
    """One short run of each method that dreams; nobody trains ppo."""
    made = make_compared(
        *(f"{AGENTS}.runs.{method}={[0] if method in (*DREAMING, 'ppo') else []}" for method in METHODS),
        "environments.simple_shapes.environment.episode_decisions=12",
        f"{AGENTS}.env_steps=48",
        f"{AGENTS}.evaluation.every=48",
        f"{AGENTS}.open_loop={{episodes: 2, context: 2, every: 4}}",
    )
    for method in DREAMING:
        made.of_task("train_agent", method=method, seed=0)
    made.of_task("open_loop")
    return made


def test_every_world_model_is_judged_beside_what_it_is_judged_by(compared):
    path = compared.path(layout.OPEN_LOOP, task="centre")
    assert len(verify(path)["inputs"]) == len(DREAMING)
    table = pd.read_csv(path)
    assert list(table.columns) == list(COLUMNS)
    assert set(table["method"]) == set(DREAMING)
    assert (table["agent_seed"] == 0).all()
    assert table[["world_model", "representation", "standstill"]].notna().all(axis=None)
    assert set(table["acting"]) == {"agent", "random"}
    by_chance = table[(table["acting"] == "random") & (table["quantity"] == "reward")]
    still = by_chance.groupby(["step", "statistic"])[["standstill", "rows"]]
    assert (still.nunique() == 1).all(axis=None), "the same episodes for all"
    for (method, _), found in table.groupby(["method", "acting"]):
        assert list(found["step"].unique()) == [1, 2, 3] + [4, 5] * (method != "dreamer_2m")
        assert (set(found["quantity"]) == {"reward"}) == (method in REWARD_ALONE), method
        counts = found[found["quantity"] == "reward"].groupby("step")["rows"].first()
        assert counts.is_monotonic_decreasing
        assert counts[1] >= 2


def test_the_same_again_is_the_same(compared):
    path = compared.path(layout.OPEN_LOOP, task="centre")
    before = path.read_bytes()
    compared.of_task("open_loop")
    assert path.read_bytes() == before
