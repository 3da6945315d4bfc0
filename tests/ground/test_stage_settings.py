"""What of the configuration each stage depends on, and no more."""

import json

import pytest

from gwpipe.errors import UserError
from gwpipe.settings import resolve
from gwpipe.settings.dreamer_v3 import Widths
from gwpipe.settings.stages import STAGES, stage_settings

RULES = "environments.simple_shapes.quality.fusion_rules"
CORRUPTION = f"{RULES}.selection.corruption"


def test_settings_survive_their_canonical_string(smoke_config, paper_config):
    chosen = {"env": "robodesk", "task": "push_green", "policy": "expert", "domain": "attr", "kind": "gw"}
    chosen |= {
        "method": "gw_dreamer",
        "seed": "0",
        "rule": "precision",
        "study": "pairs",
        "record": "study",
        "figure": "noise",
    }
    for stage, (kind, _, _) in STAGES.items():
        env = "simple_shapes" if stage == "train_selection" else "robodesk"
        cut = stage_settings(stage, smoke_config, paper_config, **chosen | {"env": env})
        assert kind.model_validate_json(cut.canonical()) == cut
        assert json.loads(cut.canonical())


def test_a_stage_sees_only_what_it_depends_on(raw):
    """Agents' settings do not touch the representation, and a swap of two values is seen."""
    before, after = resolve(raw), resolve(raw, ["environments.robodesk.agents.env_steps=40"])
    for stage in ("collect", "train_vae", "cache_latents", "train_workspace", "random_policy"):
        chosen = {"env": "robodesk", "task": "push_green", "policy": "expert", "domain": "v", "kind": "gw"}
        cuts = [stage_settings(stage, config, None, **chosen).canonical() for config in (before, after)]
        assert cuts[0] == cuts[1]
    shapes = "environments.simple_shapes.representation.workspace"
    swapped = resolve(raw, [f"{shapes}.hidden=4", f"{shapes}.layers=64"])
    cuts = [stage_settings("train_workspace", c, None, env="simple_shapes", kind="gw") for c in (before, swapped)]
    assert cuts[0].canonical() != cuts[1].canonical()


@pytest.mark.parametrize(
    ("stage", "wildcards", "message"),
    [
        (
            "train_vae",
            {"env": "simple_shape", "domain": "v"},
            "'simple_shape' is unknown; did you mean 'simple_shapes'",
        ),
        ("train_vae", {"env": "simple_shapes", "domain": "w"}, "domain 'w' .*; valid here: v, attr"),
        ("train_vae", {"env": "simple_shapes", "domain": "atr"}, "domain 'atr' .*; did you mean 'attr'"),
        ("random_policy", {"env": "simple_shapes", "task": "center"}, "'center' .* unknown; did you mean 'centre'"),
        ("random_policy", {"env": "robodesk", "task": "stack"}, "'stack' .* not configured; .*task is 'push_green'"),
        ("train_agent", {"env": "robodesk", "task": "push_gren", "method": "gw_dreamer", "seed": 0}, "push_gren"),
        ("train_agent", {"env": "robodesk", "task": "push_green", "method": "gw_dremer", "seed": 0}, "gw_dreamer"),
        (
            "train_agent",
            {"env": "robodesk", "task": "push_green", "method": "gw_dreamer", "seed": -1},
            "seed '-1' is not a whole number",
        ),
        ("train_agent", {"env": "robodesk", "task": "push_green", "method": "gw_dreamer", "seed": "x"}, "seed 'x'"),
        ("train_selection", {"env": "simple_shapes", "rule": "precision", "seed": "1.5"}, "seed '1.5'"),
        ("collect", {"env": "robodesk", "task": "push_green", "policy": "drunk"}, "push_green/expert"),
        ("train_workspace", {"env": "robodesk", "kind": "clap"}, "kind 'clap' .*; did you mean 'clip'"),
    ],
)
def test_an_unknown_wildcard_is_one_line(smoke_config, stage, wildcards, message):
    with pytest.raises(UserError, match=message) as caught:
        stage_settings(stage, smoke_config, None, **wildcards)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", ["abc", "-1", "1.5", "", "007", -3])
@pytest.mark.parametrize(
    ("stage", "wildcards"),
    [
        ("train_agent", {"env": "simple_shapes", "task": "centre", "method": "gw_dreamer"}),
        ("train_selection", {"env": "simple_shapes", "rule": "precision"}),
    ],
)
def test_a_seed_that_is_none_is_one_line(smoke_config, stage, wildcards, seed):
    with pytest.raises(UserError, match=f"seed '{seed}' is not a whole number, 0 or above"):
        stage_settings(stage, smoke_config, None, **wildcards, seed=seed)


def test_a_domain_s_kind_and_options_stand_in_its_stage_s_settings(raw):
    """What builds a domain is part of what Snakemake tracks."""
    chosen = {"env": "simple_shapes", "domain": "v"}
    plain = stage_settings("train_vae", resolve(raw), None, **chosen)
    assert (plain.vae.kind, plain.vae.options) == ("visual", {"side": 32, "colour_first": 20})
    grey = resolve(raw, ["environments.simple_shapes.representation.vae.v.options.view=luma"])
    assert stage_settings("train_vae", grey, None, **chosen).vae.options == {
        "side": 32,
        "colour_first": 20,
        "view": "luma",
    }


@pytest.mark.parametrize("stage", ["workspace_quality", "figure2"])
def test_images_and_attributes_are_measured_where_workspaces_see_both(raw, stage):
    seen = "environments.simple_shapes.representation.domains"
    with pytest.raises(UserError) as caught:
        stage_settings(stage, resolve(raw, [f"{seen}=[v, t]"]))
    assert str(caught.value).endswith(f"{seen} is [v, t]; set it to [v, t, attr] for this")
    assert str(caught.value).startswith(f"{stage} measures workspaces that see attr and v")
    assert stage_settings(stage, resolve(raw, [f"{seen}=[t, v, attr]"])).domains.keys() == {"attr", "v"}


def test_workspaces_without_a_hole_need_no_domain_of_the_main_ones_and_see_all_pairs(raw):
    representation = "environments.simple_shapes.representation"
    config = resolve(raw, [f"{representation}.domains=[v, t]", f"{representation}.workspace.pairs=100"])
    settings = stage_settings("out_of_distribution", config)
    assert settings.workspace.pairs is None
    assert settings.domains.keys() == {"attr", "v"}
    del raw["environments"]["simple_shapes"]["representation"]["vae"]["attr"]
    with pytest.raises(UserError, match=r"out_of_distribution needs domain 'attr', but there is no .*vae\.attr"):
        stage_settings("out_of_distribution", resolve(raw, [f"{representation}.domains=[v, t]"]))


def test_who_sees_one_domain_needs_the_representation_to_have_it(raw):
    domains = "environments.robodesk.representation.domains=[objects, v]"
    config = resolve(raw, [domains])
    chosen = {"env": "robodesk", "task": "push_green", "seed": 0}
    with pytest.raises(UserError, match=r"vae_dreamer_attr sees domain 'attr' alone, but .* has objects, v"):
        stage_settings("train_agent", config, None, method="vae_dreamer_attr", **chosen)
    kept = {
        method: list(stage_settings("train_agent", config, None, method=method, **chosen).domains)
        for method in ("vae_dreamer_v", "gw_dreamer_v", "gw_dreamer", "ppo")
    }
    both = ["objects", "v"]
    assert kept == {"vae_dreamer_v": ["v"], "gw_dreamer_v": both, "gw_dreamer": both, "ppo": []}


def test_transfer_of_nobody_is_refused(raw):
    runs = "environments.simple_shapes.agents.transfer.runs"
    nobody = resolve(
        raw, [f"{runs}.{method}=[]" for method in raw["environments"]["simple_shapes"]["agents"]["transfer"]["runs"]]
    )
    with pytest.raises(UserError, match=r"agents\.transfer\.runs names no seed of any method"):
        stage_settings("transfer", nobody, None, env="simple_shapes", task="centre")


def test_noise_meets_all_agents_or_those_that_are_named(raw):
    task = {"env": "simple_shapes", "task": "centre"}
    runs = "environments.simple_shapes.agents.noise.runs"
    config = resolve(raw, [])
    assert stage_settings("noise", config, None, **task).runs == config.environments.simple_shapes.agents.runs
    vae = stage_settings("noise", resolve(raw, [f"{runs}.vae_dreamer=[2]"]), None, **task)
    assert vae.runs == {"vae_dreamer": [2]}
    assert not vae.rules, "nobody is there whose fusion weights could be chosen"
    with pytest.raises(UserError, match=r"agents\.noise\.runs names no seed of any method"):
        stage_settings("noise", resolve(raw, [f"{runs}.gw_dreamer=[]"]), None, **task)
    with pytest.raises(UserError, match=r"variant 'papr' of gw_dreamer is unknown; did you mean 'paper'"):
        resolve(raw, [runs + "={gw_dreamer.papr: [0]}"])


def test_agents_are_trained_on_the_tasks_of_the_sets_and_no_others(raw):
    where = "environments.robodesk.agents.task_sets"
    config = resolve(raw, [f"{where}.extra=[push_red]", f"{where}.runs={{gw_dreamer: [0, 3], dreamer_40m: [0]}}"])
    sets = config.environments.robodesk.agents
    assert stage_settings("train_agent", config, None, env="robodesk", task="push_red", method="ppo", seed=1)
    judged = {
        task: stage_settings("criterion", config, None, env="robodesk", task=task).runs
        for task in sets.task_sets.trained
    }
    assert judged["push_red"] == {"gw_dreamer": [0, 3], "dreamer_40m": [0]}
    assert judged["push_green"] == {**sets.runs, "gw_dreamer": [0, 3], "dreamer_40m": [0]}, "of both kinds, each once"
    counted = stage_settings("count_flops", config, config, env="robodesk", task="push_green")
    assert "dreamer_40m" in counted.present.dreamers
    with pytest.raises(UserError, match="task 'stack' of robodesk is not configured"):
        stage_settings("train_agent", config, None, env="robodesk", task="stack", method="ppo", seed=1)
    with pytest.raises(UserError, match=r"figure8 shows no task: .*task_sets.runs is empty"):
        stage_settings("figure8", resolve(raw, []), None)
    with pytest.raises(UserError, match=r"figure7 shows no task: .*task_sets.six is empty"):
        stage_settings("figure7", resolve(raw, [f"{where}.six=[]", f"{where}.runs.gw_dreamer=[0]"]), None)


def test_agents_of_one_domain_lose_no_modality(raw):
    config = resolve(raw, ["environments.simple_shapes.agents.runs.gw_dreamer_v=[0]"])
    task = {"env": "simple_shapes", "task": "centre"}
    assert "gw_dreamer_v" not in stage_settings("ablate", config, None, **task).runs
    assert "gw_dreamer_v" in stage_settings("noise", config, None, **task).runs


def test_an_ablation_of_nobody_is_refused(raw):
    runs = "environments.simple_shapes.agents.runs"
    named = raw["environments"]["simple_shapes"]["agents"]["runs"]
    alone = resolve(raw, [*(f"{runs}.{method}=[]" for method in named), f"{runs}.gw_dreamer_v=[0]"])
    with pytest.raises(UserError, match=r"agents\.runs names nobody who sees two modalities"):
        stage_settings("ablate", alone, None, env="simple_shapes", task="centre")


def test_learned_rules_are_for_whoever_sees_the_whole_workspace_of_simple_shapes(raw):
    task = {"env": "simple_shapes", "task": "centre"}
    learned = ["static", "attention", "precision"]
    assert stage_settings("noise", resolve(raw), None, **task).rules == learned
    assert stage_settings("noise", resolve(raw), None, env="robodesk", task="push_green").rules == []
    runs = "environments.simple_shapes.agents.runs"
    others = resolve(raw, [f"{runs}.gw_dreamer=[]", f"{runs}.gw_dreamer_v=[0]"])
    assert stage_settings("noise", others, None, **task).rules == []


def test_world_models_of_those_who_dream_are_judged_and_decoded_where_decoders_were_trained(raw):
    agents, task = "environments.simple_shapes.agents", {"env": "simple_shapes", "task": "centre"}
    named = raw["environments"]["simple_shapes"]["agents"]["runs"]
    nobody = [f"{agents}.runs.{method}=[]" for method in named]
    runs = "{gw_dreamer.paper: [0], gw_dreamer_e2e: [0], gw_dreamer_v: [1], clip_dreamer: [0, 2], vae_dreamer_v: [0], "
    runs += "vae_dreamer_attr: [0], dreamer_2m: [0], ppo: [0], gw_ppo: [0], vae_dreamer: []}"
    chosen = [*nobody, f"{agents}.variants={{paper: {{dreaming: {{z_head: direct}}}}}}", f"{agents}.runs={runs}"]
    cut = stage_settings("open_loop", resolve(raw, chosen), None, **task)
    assert cut.runs["clip_dreamer"] == [0, 2]
    decoded = {"gw_dreamer.paper", "gw_dreamer_e2e", "gw_dreamer_v", "vae_dreamer_attr", "dreamer_2m"}
    assert set(cut.decoded) == decoded
    assert set(cut.runs) == decoded | {"clip_dreamer", "vae_dreamer_v"}
    assert cut.mode == "sample"
    clip = "environments.simple_shapes.representation.workspace.kinds.clip"
    trained = resolve(raw, [*chosen, f"{clip}.tr=1"])
    assert "clip_dreamer" in stage_settings("open_loop", trained, None, **task).decoded
    with pytest.raises(UserError, match=r"agents\.runs names nobody who dreams"):
        stage_settings("open_loop", resolve(raw, [*nobody, f"{agents}.runs.ppo=[0]"]), None, **task)


def test_figures_know_who_is_of_other_widths_than_the_size_of_its_name(raw, paper_config):
    agents = "environments.robodesk.agents"
    sizes = [f"{agents}.runs.dreamer_{size}" for size in ("12m=[0]", "40m=[0, 1]", "100m=[]")]
    own = [f"{agents}.dreamer.widths.{width}=null" for width in Widths.model_fields]
    for widths, resized in ((own, []), (own[1:], ["dreamer_12m", "dreamer_40m"])):
        panels = {panel.env: panel for panel in stage_settings("figure5", resolve(raw, [*sizes, *widths]), None).panels}
        assert sorted(panels["robodesk"].resized) == resized
        assert panels["simple_shapes"].resized == []
    assert not any(panel.resized for panel in stage_settings("figure6", paper_config, paper_config).panels)
