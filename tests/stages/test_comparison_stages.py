"""ablate, figure5 and figure6 on agents that were really trained, at smoke scale and less."""

import importlib.util
import json

import pandas as pd
import pytest
import yaml

from gwpipe import layout
from gwpipe.artefact import hash_path, read_manifest, verify
from gwpipe.errors import UserError
from gwpipe.evaluation.ablation_table import COLUMNS
from gwpipe.figures.recorded import draw_recorded
from gwpipe.machine import Machine
from gwpipe.settings import resolve
from gwpipe.settings.dreamer_v3 import Widths
from gwpipe.settings.methods import METHODS
from gwpipe.settings.record_stages import RedrawStage
from gwpipe.stages import redraw

ENV, TASK = "simple_shapes", "centre"
TRAINED = ("gw_dreamer_e2e", "ppo", "vae_ppo", "gw_ppo")


@pytest.fixture(scope="module")
def compared(make_compared):
    """One short run of each method."""
    agents = f"environments.{ENV}.agents"
    made = make_compared(
        *(f"{agents}.runs.{method}=[0]" for method in TRAINED),
        *(f"{agents}.runs.{method}=[]" for method in METHODS if method not in TRAINED),
        f"{agents}.env_steps=100",
        f"{agents}.criterion.window=2",
        f"{agents}.ablation={{episodes: 2, blank_episodes: 2}}",
        "figures.panels=[simple_shapes]",
    )
    for method in TRAINED:
        made.of_task("train_agent", method=method, seed=0)
    for stage in ("random_policy", "criterion", "ablate"):
        made.of_task(stage)
    return made


def test_every_agent_plays_the_same_episodes_with_and_without_each_modality(compared):
    path = compared.path(layout.ABLATION, task=TASK)
    assert len(verify(path)["inputs"]) == len(TRAINED)
    table = pd.read_csv(path)
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == len(TRAINED) * 3 * 2
    assert set(table["method"]) == set(TRAINED)
    assert set(table["removed"]) == {"nothing", "attributes", "image"}
    assert table["return"].notna().all()
    returns = table.pivot(index=["method", "episode"], columns="removed", values="return")
    assert (returns.nunique(axis=1) > 1).any(), "removing something has to change something"


def test_the_figures_come_with_their_numbers(compared):
    compared.run("figure5")
    compared.run("figure6")
    patterns = (layout.FIGURE5, layout.FIGURE5_PDF, layout.FIGURE5_NUMBERS)
    for pattern in (*patterns, layout.FIGURE6, layout.FIGURE6_PDF, layout.FIGURE6_NUMBERS):
        assert verify(compared.path(pattern))["scale"] == "smoke"
    bars = pd.read_csv(compared.path(layout.FIGURE6_NUMBERS))
    assert len(bars) == len(TRAINED) * 3
    lines = pd.read_csv(compared.path(layout.FIGURE5_NUMBERS))
    assert set(lines["method"]) == set(TRAINED)


@pytest.fixture(scope="module")
def script(repository):
    spec = importlib.util.spec_from_file_location("record", repository / "docs/results/record.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_a_recorded_run_gives_the_same_figures(compared, script):
    folder = compared.place.path(layout.RECORD, record="kept")
    script.keep("smoke", compared.place.root, folder)
    page = (folder / "README.md").read_text()
    assert all(page.count(f"| `{method}` |") == 1 + 3 for method in TRAINED), "one training, three conditions"
    (trained,) = (line for line in page.splitlines() if line.startswith("| `train_agent` |"))
    assert int(trained.split("|")[2]) == len(TRAINED)
    settings = yaml.safe_load((folder / "settings.yaml").read_text())[ENV]
    assert settings.keys() == set(TRAINED)
    kept = read_manifest(compared.path(layout.AGENT, task=TASK, method="ppo", seed=0))["settings"]
    assert settings["ppo"] == {name: kept[name] for name in kept.keys() - {"env", "method", "seed"}}
    for figure, picture, numbers in (
        ("figure5", layout.FIGURE5, layout.FIGURE5_NUMBERS),
        ("figure6", layout.FIGURE6, layout.FIGURE6_NUMBERS),
    ):
        compared.run(figure)
        redraw.run(RedrawStage(record="kept", figure=figure), compared.place, Machine())
        for own, again in ((picture, layout.REDRAWN), (numbers, layout.REDRAWN_NUMBERS)):
            redrawn = compared.place.path(again, record="kept", figure=figure)
            assert redrawn.read_bytes() == compared.path(own).read_bytes(), own
            assert len(verify(redrawn)["inputs"]) == 3
    with pytest.raises(UserError, match=r"noise.csv cannot be read .* has this figure been recorded"):
        redraw.run(RedrawStage(record="kept", figure="noise"), compared.place, Machine())
    with pytest.raises(UserError, match="no record of runs at"):
        redraw.run(RedrawStage(record="lost", figure="figure5"), compared.place, Machine())


def test_a_record_knows_who_is_of_other_widths_than_its_size(script, repository):
    config = resolve(yaml.safe_load((repository / "config.yaml").read_text()))
    block = config.environments["robodesk"].agents.dreamer
    for widths, resized in (({}, False), ({"deter": 128}, True)):
        learning = block.model_copy(update={"widths": Widths(**widths)}).of("12m").model_dump(mode="json")
        assert script.is_resized("dreamer_12m", {"dreamer_12m": {"learning": learning}}) is resized
    assert not script.is_resized("gw_dreamer", {"gw_dreamer": {"learning": {}}})
    assert not script.is_resized("dreamer_12m", {}), "not trained"


def test_a_record_is_of_one_run(compared, script, tmp_path):
    tmp_path /= "record"
    stale = tmp_path / ENV / "noise.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an earlier run")
    script.keep("smoke", compared.place.root, tmp_path)
    assert not stale.exists()
    with pytest.raises(UserError, match="has no criterion of any environment"):
        script.keep("smok", compared.place.root, tmp_path)
    path = compared.path(layout.AGENT, task=TASK, method="ppo", seed=0)
    manifest = path.with_name(path.name + layout.MANIFEST)
    kept = path.read_bytes(), manifest.read_bytes(), (tmp_path / ENV / "ablation.csv").read_bytes()
    try:
        path.write_bytes(kept[0] + b" ")
        told = json.loads(kept[1])
        manifest.write_text(json.dumps({**told, "sha256": hash_path(path)}))
        with pytest.raises(UserError, match=r"ablation/centre.csv was made of another .*ppo.* make it anew"):
            script.keep("smoke", compared.place.root, tmp_path)
        assert (tmp_path / ENV / "ablation.csv").read_bytes() == kept[2]
    finally:
        path.write_bytes(kept[0])
        manifest.write_bytes(kept[1])


def test_seeds_of_other_settings_make_no_record(script):
    told = {"env": ENV, "method": "ppo", "seed": 0, "env_steps": 100}
    with pytest.raises(UserError, match="seeds of ppo were trained with other settings"):
        script.trained_with([{"settings": told}, {"settings": {**told, "seed": 1, "env_steps": 200}}])


def test_a_damaged_record_is_one_line(compared, script, tmp_path):
    script.keep("smoke", compared.place.root, tmp_path)
    table, learned = (tmp_path / ENV / name for name in ("ablation.csv", "curves.csv"))
    whole = pd.read_csv(table)
    for damaged, message in (
        (whole.drop(columns="removed"), "is damaged: not one row an episode"),
        (whole.iloc[:0], "is damaged"),
        (whole.assign(**{"return": "much"}), "is damaged"),
        (whole.assign(**{"return": None}), "not a finite number"),
    ):
        damaged.to_csv(table, index=False)
        with pytest.raises(UserError, match=rf"ablation.csv.*{message}"):
            draw_recorded(tmp_path, "figure6")
    found = pd.read_csv(learned)
    found[found["method"] != "ppo"].to_csv(learned, index=False)
    with pytest.raises(UserError, match=r"curves.csv has other runs than the criterion"):
        draw_recorded(tmp_path, "figure5")


def test_an_agent_of_another_representation_is_refused(compared):
    path = compared.path(layout.VAE, domain="v")
    kept = path.read_bytes(), path.with_name(path.name + layout.MANIFEST).read_bytes()
    try:
        path.write_bytes(kept[0] + b" ")
        compared.declare(path)
        with pytest.raises(UserError, match=r"was trained on another .*vae/v.* train the agent anew"):
            compared.of_task("ablate")
    finally:
        path.write_bytes(kept[0])
        path.with_name(path.name + layout.MANIFEST).write_bytes(kept[1])
