import numpy as np
import pytest

from gwpipe.data.episodes import held_out_from
from gwpipe.envs.robodesk import ATTRIBUTE_SLICES, UPSTREAM_ATTRIBUTE_SLICES
from gwpipe.errors import UserError
from gwpipe.settings import domains, load, resolve
from gwpipe.settings.config import dotted, separate
from gwpipe.settings.overlays import merge
from gwpipe.settings.representation import VAESettings

RULES = "environments.simple_shapes.quality.fusion_rules"
CORRUPTION = f"{RULES}.selection.corruption"


@pytest.mark.parametrize("scale", ["smoke", "paper", "study", "ablations", "reference", "tasks", "desk"])
def test_every_scale_is_an_overlay_of_the_same_keys(repository, scale):
    config = load([repository / "config.yaml", repository / f"workflow/scales/{scale}.yaml"])
    assert config.scale == scale


def test_the_papers_ten_tasks_lie_over_the_papers_scale(repository):
    scales = (repository / f"workflow/scales/{name}.yaml" for name in ("paper", "paper_tasks"))
    config = load([repository / "config.yaml", *scales])
    robodesk = config.environments.robodesk
    sets = robodesk.agents.task_sets
    assert (config.scale, len(sets.six), len(sets.extra)) == ("paper_tasks", 6, 4)
    assert sum(source.rows for source in robodesk.representation.data) == 3_500_000
    experts = {source.task for source in robodesk.representation.data if source.policy == "expert"}
    assert experts == set(sets.six), "the representation has never seen the extra tasks"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("environments.simple_shapes.agents.env_step=5", "did you mean 'env_steps'?"),
        ("environments.simple_shape.agents.env_steps=5", "did you mean 'simple_shapes'?"),
        ("enviroments.x=5", "did you mean 'environments'?"),
        ("environments.simple_shapes.agents.env_steps=ten", "env_steps': input should be a valid integer"),
        ("environments.simple_shapes.agents.env_steps=-1", "greater than 0"),
        ("environments.simple_shapes.agents.runs.gw_dream=[0]", "'gw_dreamer'"),
        (
            "environments.simple_shapes.agents.runs.gw_dreamr=[0]",
            "method 'gw_dreamr' is unknown; did you mean 'gw_dreamer'",
        ),
        (
            "environments.simple_shapes.agents.noise.image.gausian=[3]",
            "agents.noise': noise on image of kind 'gausian' is unknown; did you mean 'gaussian'?",
        ),
        (
            "environments.simple_shapes.agents.noise.attributes.blur=[3]",
            "noise on attributes of kind 'blur' is unknown; valid here: gaussian, latent, missing",
        ),
        (
            "environments.simple_shapes.agents.noise.image.blur=[-1]",
            "noise.image.blur.0': input should be greater than 0",
        ),
        ("environments.simple_shapes.agents.noise.image.patch=[2]", "share of the picture's, at most 1: not 2"),
        ("environments.simple_shapes.agents.noise.image.patch=[0.5, 0.5]", "0.5 is named twice"),
        ("environments.simple_shapes.agents.noise.imge={}", "did you mean 'image'?"),
        ("environments.simple_shapes.agents.transfer.runs.gw_dreamer=[0]", "gw_dreamer of 'runs' sees more than one"),
        (
            "environments.simple_shapes.agents.transfer.runs.gw_dreamer_atr=[0]",
            "method 'gw_dreamer_atr' is unknown; did you mean 'gw_dreamer_attr'?",
        ),
        ("environments.robodesk.agents.task=push_gren", "task 'push_gren' is unknown; did you mean 'push_green'?"),
        (
            "environments.simple_shapes.representation.data=[{task: centre, policy: expert, rows: 40}]",
            "no scripted expert for task 'centre'; valid here: push_red, push_green",
        ),
        ("environments.robodesk.environment.fidelity=fas", "did you mean 'fast'?"),
        ("environments.robodesk.representation.vae.v.optimisation.step=3", "did you mean 'steps'?"),
        ("environments.robodesk.representation.workspace.kinds.gw.dyc=3", "did you mean 'dcy'?"),
        ("environments.simple_shapes.representation.vae.atr.latent=3", "no domain 'atr'; did you mean 'attr'?"),
        ("environments.robodesk.representation.vae.propio.latent=3", "no domain 'propio'; did you mean 'proprio'?"),
        ("environments.simple_shapes.representation.vae.v.kind=visul", "did you mean 'visual'?"),
        ("environments.simple_shapes.representation.vae.v.option={}", "did you mean 'options'?"),
        ("environments.simple_shapes.agents.runs.gw_dreamer=[0, 0]", "each may be named once, 0 is named twice"),
        ("environments.simple_shapes.agents.runs.gw_dreamer=[-1]", "greater than or equal to 0"),
        ("environments.simple_shapes.agents.env_steps=true", "a whole number, but the value is True"),
        ("environments.simple_shapes.agents.env_steps=3.0", "a whole number, but the value is 3.0"),
        ("environments.simple_shapes.agents.dreaming.batch_length=200000", "replay_capacity 100000 is too small"),
        ("environments.simple_shapes.agents.dreaming.environments=50000", "rows of each of 50000 environments"),
        ("environments.simple_shapes.agents.ppo.environments=2", "agents.ppo.environments"),
        ("environments.simple_shapes.agents.dreaming.replay_capacity=16", "has batch_length + 1 = 17 rows"),
        ("environments.simple_shapes.agents.dreaming.world_model_lr=.inf", "a finite number, but the value is inf"),
        ("environments.simple_shapes.agents.dreaming.world_model_lr=1e999", "a finite number"),
        ("environments.simple_shapes.agents.dreaming.world_model_lr=yes", "a number, but the value is True"),
        ("environments.simple_shapes.agents.dreaming.z_hidden=[0]", "z_hidden.0': input should be greater than 0"),
        ("environments.simple_shapes.agents.dreaming.z_hidden=[true]", "a whole number, but the value is [True]"),
        ("environments.simple_shapes.agents.dreaming.standardised_z=1", "true or false, but the value is 1"),
        ("environments.robodesk.representation.workspace.activation=tan", "did you mean 'tanh'?"),
        ("environments.robodesk.representation.workspace.contrastive=infonce", "did you mean 'info_nce'?"),
        ("environments.robodesk.representation.workspace.layers=-1", "greater than or equal to 0"),
        ("environments.simple_shapes.representation.domains=[v, v]", "'v' is named twice"),
        ("environments.simple_shapes.quality.fusion_rules.seeds=[1, 1]", "1 is named twice"),
        ("environments.simple_shapes.representation.vae.v.options.x=.nan", "a finite number"),
        (
            "environments.simple_shapes.representation.vae.v.options={colour_frist: 20}",
            "'representation.vae.v.options': kind 'visual' has no option 'colour_frist'; did you mean 'colour_first'?",
        ),
        (
            "environments.robodesk.representation.vae.v.kind=pretrained_image",
            "'representation.vae.v.options': kind 'pretrained_image' needs the option 'side'",
        ),
        (
            f"{RULES}.learned=[presicion]",
            "learned.0': 'presicion' is not one of static, attention, precision; did you mean",
        ),
        (f"{RULES}.learned=[static, equal]", "learned.1': 'equal' is not one of static, attention, precision"),
        (f"{RULES}.learned=[static, static]", "'static' is named twice"),
        (f"{RULES}.learned=[]", "fusion_rules.learned': list should have at least 1 item"),
        (f"{RULES}.seeds=[]", "fusion_rules.seeds': list should have at least 1 item"),
        (f"{CORRUPTION}.kinds=[one_sided]", "corruption': one_sided of 'kinds' needs 'side', the domain that fails"),
        (
            f"{CORRUPTION}={{kinds: [one_sided], side: atr}}",
            "corruption.side': 'atr' is not in representation.domains; did you mean 'attr'?",
        ),
        (
            f"{CORRUPTION}.kinds=[missing, missing]",
            "corruption.kinds': each may be named once, 'missing' is named twice",
        ),
        (f"{CORRUPTION}.strengths=[1, -2]", "corruption.strengths.1': input should be greater than 0"),
        (f"{CORRUPTION}.strengths=[1, 1.0]", "corruption.strengths': each may be named once"),
        (
            "environments.simple_shapes.representation.workspace.pairs=100000",
            "simple_shapes.representation.workspace.pairs: 100000 of 47500 training rows; give at most 47500",
        ),
        (
            "environments.robodesk.representation.workspace.pairs=7576",
            "robodesk.representation.workspace.pairs: 7576 of 7575 training rows; give at most 7575",
        ),
        (
            "environments.simple_shapes.quality.out_of_distribution.share=0.95",
            "out_of_distribution.share': input should be less than or equal to 0.9, but the value is 0.95",
        ),
        ("environments.simple_shapes.quality.out_of_distribution.share=0.01", "greater than or equal to 0.05"),
        ("environments.robodesk.environment.upstream=1", "true or false, but the value is 1"),
        ("scale=../elsewhere", "only letters, digits, _ and - are allowed, but the value is '../elsewhere'"),
        ("scale=''", "only letters, digits"),
        (
            "environments.simple_shapes.agents.variants={a-b: {dreaming: {discount: 0.9}}}",
            "only letters, digits and _ are allowed, but the value is 'a-b'",
        ),
        ("environments.simple_shapes.agents", "not of the form"),
        ("=4", "not of the form"),
        ("scale=[", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_nearest_key(raw, override, message):
    with pytest.raises(UserError) as caught:
        resolve(raw, [override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_temperature_that_nothing_has_is_not_learnt(raw):
    block = "environments.robodesk.representation.workspace"
    with pytest.raises(UserError, match="vse_pp has no temperature"):
        resolve(raw, [f"{block}.learn_temperature=true", f"{block}.contrastive=vse_pp"])


@pytest.mark.parametrize("runs", [{}, {"gw_dreamer": [], "vae_dreamer": []}])
def test_something_has_to_run(raw, runs):
    raw["environments"]["robodesk"]["agents"]["runs"] = runs
    with pytest.raises(UserError, match=r"robodesk\.agents': 'runs' names no seed"):
        resolve(raw)


def test_a_method_is_switched_off_by_an_empty_list(raw):
    config = resolve(raw, ["environments.robodesk.agents.runs.clip_dreamer=[]"])
    assert config.environments.robodesk.agents.runs["clip_dreamer"] == []


def test_a_data_set_is_collected_once(raw):
    data = raw["environments"]["robodesk"]["representation"]["data"]
    data.append({"task": "push_green", "policy": "random", "rows": 5})
    with pytest.raises(UserError, match="data set push_green/random stands twice"):
        resolve(raw)
    data[-1]["task"] = "push_red"
    assert len(resolve(raw).environments["robodesk"].representation.data) == 3


def test_a_missing_key_is_named(raw):
    del raw["environments"]["robodesk"]["agents"]["task"]
    with pytest.raises(UserError, match=r"'environments\.robodesk\.agents\.task' is missing"):
        resolve(raw)


def test_an_unknown_key_in_a_list_is_named(raw):
    raw["environments"]["robodesk"]["representation"]["data"][0]["rowz"] = 3
    with pytest.raises(UserError, match="did you mean 'rows'"):
        resolve(raw)


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2", "\tx: 1"])
def test_a_broken_file_is_one_line(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UserError) as caught:
        load([tmp_path / "c.yaml"])
    assert "\n" not in str(caught.value)
    assert "c.yaml" in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        load([tmp_path / "nowhere.yaml"])


def test_numbers_in_exponent_form_and_strings_of_the_command_line_are_numbers(raw):
    # PyYAML reads 1e-3 as a string, and Snakemake's --config hands over strings inside mappings.
    config = resolve(raw, ["environments.simple_shapes.agents.dreaming.world_model_lr=1e-3"])
    assert config.environments.simple_shapes.agents.dreaming.world_model_lr == 1e-3
    config = resolve(merge(raw, dotted("environments.simple_shapes.agents.env_steps='700'")))
    assert config.environments.simple_shapes.agents.env_steps == 700
    config = resolve(raw, ["environments.robodesk.environment.upstream='True'"])
    assert config.environments.robodesk.environment.upstream is True
    config = resolve(raw, ["environments.simple_shapes.agents.dreaming.bin_limit=8"])
    assert config.environments.simple_shapes.agents.dreaming.bin_limit == 8.0
    mixed = {"a": True, "b": 1, "c": 0.5, "d": [None, "e"]}
    block = raw["environments"]["robodesk"]["representation"]["vae"]["v"]
    assert VAESettings.model_validate(block | {"options": mixed}).options == mixed


def test_as_many_pairs_as_rows_and_a_side_that_is_seen_are_fine(raw):
    workspace = "environments.robodesk.representation.workspace"
    config = resolve(raw, [f"{workspace}.pairs=7560", f"{CORRUPTION}={{kinds: [one_sided], side: v}}"])
    assert config.environments.robodesk.representation.workspace.pairs == 7560


@pytest.mark.parametrize("holdout", [0.05, 0.1, 0.33])
@pytest.mark.parametrize(("rows", "length"), [(600, 1), (4000, 125), (601, 2), (50, 4), (1000, 9)])
def test_training_rows_are_those_that_data_are_parted_into(raw, rows, length, holdout):
    representation = "environments.robodesk.representation"
    data = f"[{{task: push_green, policy: random, rows: {rows}}}]"
    config = resolve(raw, [f"{representation}.data={data}", f"{representation}.holdout={holdout}"])
    episodes = -(-rows // (length + 1))
    is_first = np.arange(episodes * (length + 1)) % (length + 1) == 0
    found = config.environments.robodesk.representation.training_rows(length)
    assert found == held_out_from(is_first, holdout)


def test_a_domain_that_the_table_has_can_be_configured(raw):
    block = dict(raw["environments"]["robodesk"]["representation"]["vae"]["attr"])
    raw["environments"]["robodesk"]["representation"]["vae"]["proprio"] = block
    config = resolve(raw)
    assert (
        config.environments.robodesk.representation.vae["proprio"].options
        == {"size": 21, "first": 0, "rates": [[9, 18], [50, 76]]} | block["options"]
    )


def test_domains_of_upstream_s_attributes_are_as_wide_as_what_it_shows(raw):
    """Every column of each part, as the environment has them."""
    vae = raw["environments"]["robodesk"]["representation"]["vae"]
    vae |= {"proprio": dict(vae["attr"]), "objects": dict(vae["attr"])}
    set_here = vae["attr"]["options"]
    for upstream, slices in [(False, ATTRIBUTE_SLICES), (True, UPSTREAM_ATTRIBUTE_SLICES)]:
        config = resolve(raw, [f"environments.robodesk.environment.upstream={str(upstream).lower()}"])
        found = {name: block.options for name, block in config.environments.robodesk.representation.vae.items()}
        joints, whole = slices["end_effector"].stop, slices["qvel_objects"].stop
        rates = found["attr"]["rates"]
        assert found["attr"] == {"size": whole, "rates": rates} | set_here
        assert found["proprio"] == {"size": joints, "first": 0, "rates": [[9, 18], [50, 76]]} | set_here
        assert found["objects"] == {"size": whole - joints, "first": joints, "rates": rates} | set_here
    own = resolve(merge(raw, dotted("environments.robodesk.representation.vae.attr.options.size=70")))
    options = own.environments.robodesk.representation.vae["attr"].options
    assert options == {"size": 70, "rates": [[9, 18], [50, 76]]} | set_here


@pytest.mark.parametrize(("block", "key", "value"), [
    ("dreaming", "actor_gradient", "dynamics"),
    ("dreaming", "mean_penalty", "0.01"),
    ("dreamer", "actor_gradient", "dynamics"),
    ("dreamer", "mean_penalty", "0.01"),
])  # fmt: skip
def test_simple_shapes_actions_are_choices(raw, block, key, value):
    with pytest.raises(UserError, match=f"'agents.{block}.{key}' is for actions that are numbers"):
        resolve(raw, [f"environments.simple_shapes.agents.{block}.{key}={value}"])


@pytest.mark.parametrize("moved", ["hand", "objects"])
def test_simple_shapes_has_no_desk(raw, moved):
    data = f"[{{task: centre, policy: random, rows: 100, {moved}: anywhere}}]"
    with pytest.raises(UserError, match=f"'{moved}' is of RoboDesk's desk; Simple Shapes has none"):
        resolve(raw, [f"environments.simple_shapes.representation.data={data}"])


def test_a_linear_path_beside_linear_maps_is_refused(raw):
    with pytest.raises(UserError, match="'linear_path' adds nothing to 'layers: 0'"):
        resolve(raw, ["environments.robodesk.representation.workspace.layers=0"])


def test_another_kind_takes_none_of_the_options_below_it(raw):
    vae = "environments.robodesk.representation.vae.attr"
    config = resolve(raw, [f"{vae}.kind=plain_attributes"])
    assert config.environments.robodesk.representation.vae["attr"].options == {}
    picture = "environments.simple_shapes.representation.vae.v"
    options = {"architecture": "resnet18", "side": 32}
    config = resolve(merge(raw, dotted(f"{picture}={{kind: pretrained_image, options: {options}}}")))
    assert config.environments.simple_shapes.representation.vae["v"].options == options
    same = resolve(raw, [f"{picture}.kind=visual"])
    assert same.environments.simple_shapes.representation.vae["v"].options["colour_first"] == 20


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        ("", []),
        ("  ", []),
        ("a.b=1 c.d=2", ["a.b=1", "c.d=2"]),
        ("a.b=[push_green, stack]\tc={x: [0, 1], y: 2}", ["a.b=[push_green, stack]", "c={x: [0, 1], y: 2}"]),
        ("a.b=[{task: push_green, rows: 3}]  c=4", ["a.b=[{task: push_green, rows: 3}]", "c=4"]),
    ],
)
def test_overrides_are_told_apart_by_their_keys(text, overrides):
    assert separate(text) == overrides


def test_a_stored_state_is_not_cleared_while_acting(raw):
    dreaming = "environments.robodesk.agents.dreaming"
    with pytest.raises(UserError, match=r"'memory: 15' clears h while acting, .* set memory: 0"):
        resolve(raw, [f"{dreaming}.initial_state=stored"])
    assert resolve(raw, [f"{dreaming}.initial_state=stored", f"{dreaming}.memory=0"])


def test_names_and_kinds_are_taken_once(monkeypatch):
    monkeypatch.setattr(domains, "KINDS", dict(domains.KINDS))
    monkeypatch.setattr(domains, "DOMAINS", {env: dict(table) for env, table in domains.DOMAINS.items()})
    domains.register_kind("smell", "my_nose:Smell")
    domains.register_kind("smell", "my_nose:Smell")
    domains.register("robodesk", "smell", "smell", strength=2)
    domains.register("robodesk", "smell", "smell", strength=2)
    assert domains.entry("robodesk", "smell").options == {"strength": 2}
    for call, message in [
        (lambda: domains.register_kind("smell", "another:Smell"), "taken by my_nose:Smell"),
        (lambda: domains.register_kind("taste", "Taste"), "not of the form module:class"),
        (lambda: domains.register("robodesk", "smell", "smell", strength=3), "another domain 'smell' already"),
        (lambda: domains.register("robodesc", "s", "smell"), "did you mean 'robodesk'"),
        (lambda: domains.register("robodesk", "s", "smel"), "did you mean 'smell'"),
        (lambda: domains.register("robodesk", "a smell", "smell"), "letters, digits and _"),
    ]:
        with pytest.raises(UserError, match=message):
            call()


def test_a_plug_in_that_fails_is_named(monkeypatch):
    class Plugin:
        name, value = "smell", "my_nose:register"

        def load(self):
            raise ModuleNotFoundError("no nose")

    monkeypatch.setattr(domains, "entry_points", lambda group: [Plugin()])
    domains.call_plugins.cache_clear()
    with pytest.raises(UserError, match=r"'smell' \(my_nose:register\) fails: no nose"):
        domains.entry("robodesk", "v")
    domains.call_plugins.cache_clear()


def test_noise_without_any_strength_is_refused(raw):
    noise = "environments.simple_shapes.agents.noise"
    kinds = raw["environments"]["simple_shapes"]["agents"]["noise"]
    silent = [f"{noise}.{modality}.{kind}=[]" for modality in ("image", "attributes") for kind in kinds[modality]]
    with pytest.raises(UserError, match=r"agents\.noise': there is no strength of any kind of noise"):
        resolve(raw, silent)
    resolve(raw, silent[1:])
