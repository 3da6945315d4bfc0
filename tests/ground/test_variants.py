"""Variants: `gw_dreamer.paper` is the method gw_dreamer with some of its settings changed."""

from pathlib import Path

import pytest

from gwpipe.errors import UserError
from gwpipe.figures.methods import colours, label
from gwpipe.settings import config as configuration
from gwpipe.settings.agents import EndToEndDreamingSettings
from gwpipe.settings.config import Config
from gwpipe.settings.dreamer_v3 import DreamerV3Settings
from gwpipe.settings.methods import entry
from gwpipe.settings.stages import TrainAgentStage, stage_settings
from gwpipe.settings.table1_stages import CountFlopsStage

CONFIG = Path("config.yaml")
AGENTS = "environments.simple_shapes.agents"


def config(*overrides: str) -> Config:
    return configuration.load([CONFIG], list(overrides))


def training(method: str, *overrides: str) -> TrainAgentStage:
    wanted = {"env": "simple_shapes", "task": "centre", "method": method, "seed": 0}
    found = stage_settings("train_agent", config(*overrides), **wanted)
    assert isinstance(found, TrainAgentStage)
    return found


def test_a_variant_changes_what_is_said_of_it_and_no_more() -> None:
    short = training("gw_dreamer.short", f"{AGENTS}.variants.short.dreaming.imagination_length=3")
    own = training("gw_dreamer")
    assert short.learning == own.learning.model_copy(update={"imagination_length": 3})
    assert short.model_copy(update={"learning": own.learning, "method": own.method}) == own


def test_a_nested_value_leaves_its_neighbours_alone() -> None:
    wide = f"{AGENTS}.variants.wide.dreamer.widths.deter=64"
    learning = training("dreamer_2m.wide", wide).learning
    assert isinstance(learning, DreamerV3Settings)
    assert learning.sizes.deter == 64
    assert learning.sizes.hidden == 128, "the size's own"
    assert learning.size == "2m"


def test_a_workspace_trained_along_follows_its_variant() -> None:
    quick = f"{AGENTS}.variants.quick.end_to_end.optimisation.steps=7"
    learning = training("gw_dreamer_e2e.quick", quick).learning.model_dump()["end_to_end"]
    assert learning["optimisation"]["steps"] == 7
    assert learning["workspace"]["optimisation"]["steps"] == 7


def test_end_to_end_learns_by_dreaming_too() -> None:
    short = f"{AGENTS}.variants.short.dreaming.imagination_length=3"
    assert training("gw_dreamer_e2e.short", short).learning.model_dump()["imagination_length"] == 3


def test_a_variant_has_its_method_s_budget_or_its_own() -> None:
    agents = [f"{AGENTS}.variants.short.dreaming.imagination_length=3", f"{AGENTS}.budgets.gw_dreamer=500"]
    assert training("gw_dreamer.short", *agents).env_steps == 500
    own = AGENTS + ".budgets={gw_dreamer.short: 700}"
    assert training("gw_dreamer.short", *agents, own).env_steps == 700


def test_the_paper_s_values_are_there_by_name() -> None:
    paper = configuration.load([CONFIG, Path("workflow/scales/paper.yaml")])
    printed = paper.environments.simple_shapes.agents
    assert training("gw_dreamer.paper").learning == printed.dreaming
    # How many rows are kept follows the length of the training.
    dreamer = training("dreamer_2m.paper", f"{AGENTS}.dreamer.replay_capacity={printed.dreamer.replay_capacity}")
    assert dreamer.learning == printed.dreamer.of("2m")
    together = training("gw_dreamer_e2e.paper").learning
    assert isinstance(together, EndToEndDreamingSettings)
    assert together.end_to_end.optimisation == printed.end_to_end.optimisation
    assert printed.dreaming.model_dump().items() <= together.model_dump().items()


def test_table_1_counts_no_variants() -> None:
    chosen = config(AGENTS + ".runs={gw_dreamer.paper: [0], dreamer_2m.upstream: [0]}")
    found = stage_settings("count_flops", chosen, config(), env="simple_shapes", task="centre")
    assert isinstance(found, CountFlopsStage)
    assert not found.present.dreamers


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["variants.short.dreaming.imagination_lenght=3"], "did you mean 'imagination_length'"),
        (["variants.short.dreaming.imagination_length=0"], "variants.short.dreaming"),
        (["variants.short.dreamin.imagination_length=3"], "did you mean 'dreaming'"),
        (["runs={gw_dreamer.papr: [0]}"], "did you mean 'paper'"),
        (["runs={gw_dremer.paper: [0]}"], "did you mean 'gw_dreamer'"),
        (["runs={gw_ppo.paper: [0]}"], "changes dreaming, dreamer, end_to_end, but gw_ppo learns by ppo"),
        (["variants={a/b: {dreaming: {discount: 0.5}}}"], "variants"),
    ],
)
def test_mistakes_are_told_in_one_line(overrides: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        config(*(f"{AGENTS}.{override}" for override in overrides))


def test_an_unknown_variant_by_hand() -> None:
    with pytest.raises(UserError, match="did you mean 'paper'"):
        training("gw_dreamer.pape")


def test_figures_name_variants_and_tell_them_from_their_method() -> None:
    assert label("gw_dreamer.reads_h") == "GW-Dreamer, reads h"
    drawn = colours(["gw_dreamer", *(f"gw_dreamer.v{number}" for number in range(18))])
    assert len(set(drawn.values())) == 19
    assert drawn["gw_dreamer"] == colours(["gw_dreamer", "ppo"])["gw_dreamer"]
    assert entry("gw_dreamer.paper") is entry("gw_dreamer")
