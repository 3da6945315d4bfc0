"""noise, transfer and their figures on agents that were really trained, at smoke scale and less."""

import pandas as pd
import pytest
import torch

from gwpipe import layout
from gwpipe.agents.trained import load_agent
from gwpipe.artefact import verify
from gwpipe.errors import UserError
from gwpipe.evaluation import noise_table, transfer_table
from gwpipe.settings.methods import METHODS
from gwpipe.settings.representation import SelectionSettings
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import noise as noise_stage
from gwpipe.workspace.selection.registry import make_selection, save_selection

AGENTS = "environments.simple_shapes.agents"
WHOLE = ("gw_dreamer", "ppo", "vae_ppo")
ONE = ("gw_dreamer_attr", "vae_dreamer_v", "gw_ppo_v")
RULES = ("static", "precision")


@pytest.fixture(scope="module")
def compared(make_compared):
    """One short run of each method, and rules of fusion that know nothing yet."""
    made = make_compared(
        *(f"{AGENTS}.runs.{method}={[0] if method in WHOLE else []}" for method in METHODS),
        f"{AGENTS}.transfer={{episodes: 2, runs: {{{', '.join(f'{method}: [0]' for method in ONE)}}}}}",
        *(f"{AGENTS}.transfer.runs.{line}=[]" for line in METHODS if METHODS[line].only and line not in ONE),
        f"{AGENTS}.noise={{episodes: 2, image: {{gaussian: [64, 200], patch: [0.5], blur: [], missing: [1]}}}}",
        f"{AGENTS}.noise.attributes={{gaussian: [1], latent: [1], missing: []}}",
        f"{AGENTS}.env_steps=80",
        f"{AGENTS}.criterion.window=2",
        f"{AGENTS}.ablation={{episodes: 2, blank_episodes: 2}}",
        f"environments.simple_shapes.quality.fusion_rules.learned={list(RULES)}",
        "figures.panels=[simple_shapes]",
    )
    block = made.config.environments.simple_shapes.representation
    latents = {name: settings.latent for name, settings in block.seen.items()}
    for rule in RULES:
        path = made.path(layout.SELECTION, rule=rule, seed=0)
        selection = make_selection(SelectionSettings(rule=rule), latents, block.workspace.dim)
        if rule == "static":  # nearly all on the attributes
            with torch.no_grad():
                selection.scores["attr"].fill_(9.0)
        save_selection(path, selection)
        made.declare(path, [made.path(layout.WORKSPACE, kind="gw")])
    for method in (*WHOLE, *ONE):
        made.of_task("train_agent", method=method, seed=0)
    for stage in ("random_policy", "criterion", "ablate", "noise", "transfer"):
        made.of_task(stage)
    return made


@pytest.fixture(scope="module")
def noisy(compared):
    return pd.read_csv(compared.path(layout.NOISE, task="centre"))


def test_every_condition_has_the_same_number_of_episodes(compared, noisy):
    path = compared.path(layout.NOISE, task="centre")
    assert len(verify(path)["inputs"]) == len(WHOLE) + len(RULES)
    assert list(noisy.columns) == list(noise_table.COLUMNS)
    conditions = noisy.groupby(["method", "weights", "rule", "disturbed", "kind", "strength"], dropna=False).size()
    assert set(conditions) == {2}
    # Nothing, four of the image, two of the attributes; an agent on raw observations has no latents.
    each = conditions.reset_index().fillna({"rule": ""}).groupby(["method", "weights", "rule"]).size()
    assert each.to_dict() == {
        ("gw_dreamer", "told", ""): 2,
        ("gw_dreamer", "untold_equal", ""): 7,
        ("gw_dreamer", "untold_learned", "static"): 7,
        ("gw_dreamer", "untold_learned", "precision"): 7,
        ("ppo", "as_trained", ""): 6,
        ("vae_ppo", "as_trained", ""): 7,
    }


def test_noise_changes_what_an_agent_gets_and_no_noise_is_the_ablations_whole_agent(compared, noisy):
    removed = pd.read_csv(compared.path(layout.ABLATION, task="centre"))
    untouched = noisy[(noisy["disturbed"] == "nothing") & noisy["weights"].isin(["as_trained", "untold_equal"])]
    merged = untouched.merge(removed[removed["removed"] == "nothing"], on=["method", "episode"])
    assert len(merged) == 2 * len(WHOLE)
    assert (merged["return_x"] == merged["return_y"]).all()
    told = noisy[noisy["weights"] == "told"].rename(columns={"disturbed": "removed"})
    merged = told.merge(removed, on=["method", "removed", "episode"])
    assert len(merged) == 4
    assert (merged["return_x"] == merged["return_y"]).all()
    whole = noisy[noisy["disturbed"] == "nothing"].set_index(["method", "weights", "episode"])["return"]
    strong = noisy[(noisy["disturbed"] == "image") & (noisy["strength"] == 200)]
    strong = strong.set_index(["method", "weights", "episode"])["return"]
    assert (strong["ppo"] != whole["ppo"]).any()


def test_a_rule_that_trusts_attributes_does_not_mind_the_picture(noisy):
    static = noisy[(noisy["rule"] == "static") & (noisy["disturbed"].isin(["nothing", "image"]))]
    assert (static.groupby("episode")["return"].nunique() == 1).all()


def test_a_policy_acts_on_what_its_workspace_has_and_on_nothing_else(compared):
    path = compared.path(layout.TRANSFER, task="centre")
    assert len(verify(path)["inputs"]) == len(ONE)
    table = pd.read_csv(path)
    assert list(table.columns) == list(transfer_table.COLUMNS)
    played = table.groupby(["method", "trained_on", "acting_on"]).size()
    assert played.to_dict() == {
        ("gw_dreamer_attr", "attr", "attr"): 2,
        ("gw_dreamer_attr", "attr", "v"): 2,
        ("gw_ppo_v", "v", "attr"): 2,
        ("gw_ppo_v", "v", "v"): 2,
        ("vae_dreamer_v", "v", "v"): 2,
    }


def test_the_figures_come_with_their_numbers(compared):
    compared.run("draw_noise")
    compared.run("draw_transfer")
    for pattern in (layout.NOISE_FIGURE, layout.NOISE_PDF, layout.TRANSFER_FIGURE, layout.TRANSFER_PDF):
        assert verify(compared.path(pattern))["scale"] == "smoke"
    points = pd.read_csv(compared.path(layout.NOISE_NUMBERS))
    assert list(points.columns) == list(noise_table.SUMMARY)
    assert len(points) == 2 + 3 * 7 + 6 + 7
    bars = pd.read_csv(compared.path(layout.TRANSFER_NUMBERS))
    assert list(bars.columns) == list(transfer_table.SUMMARY)
    assert len(bars) == 5


def test_a_rule_of_another_workspace_is_refused(compared):
    path = compared.path(layout.SELECTION, rule="static", seed=0)
    manifest = path.with_name(path.name + layout.MANIFEST)
    kept = manifest.read_bytes()
    try:
        compared.declare(path, [compared.path(layout.WORKSPACE, kind="clip")])
        with pytest.raises(UserError, match=r"was learned on another .*workspace/gw.* train it anew"):
            compared.of_task("noise")
    finally:
        manifest.write_bytes(kept)


def test_a_measurement_that_was_cut_off_goes_on_with_the_next_agent(compared, noisy, monkeypatch):
    def cut_off(path, *rest):
        if "ppo" in str(path):
            raise KeyboardInterrupt
        return load_agent(path, *rest)

    path = compared.path(layout.NOISE, task="centre")
    before = path.read_bytes()
    monkeypatch.setattr(noise_stage, "load_agent", cut_off)
    with pytest.raises(KeyboardInterrupt):
        compared.of_task("noise")
    loaded = []
    monkeypatch.setattr(noise_stage, "load_agent", lambda *given: loaded.append(given[0]) or load_agent(*given))
    compared.of_task("noise")
    assert [agent.parent.parent.name for agent in loaded] == ["ppo", "vae_ppo"]
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))


def test_a_lone_vae_needs_no_other(compared):
    wildcards = {"env": "simple_shapes", "task": "centre", "method": "vae_dreamer_v", "seed": 0}
    assert list(stage_settings("train_agent", compared.config, **wildcards).domains) == ["v"]
    assert len(verify(compared.path(layout.AGENT, task="centre", method="vae_dreamer_v", seed=0))["inputs"]) == 1
