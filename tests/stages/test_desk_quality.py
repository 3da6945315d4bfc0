"""desk_quality: what is measured on RoboDesk's representation, in units, and what is drawn."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gwpipe import layout
from gwpipe.artefact import Record, verify
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.envs.robodesk import RoboDesk
from gwpipe.errors import UserError
from gwpipe.figures.desk_translations import drawn
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.config import resolve
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import collect, desk_quality
from gwpipe.studies.desk_errors import PLACES, errors, turned
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import save_workspace


@pytest.fixture(scope="module")
def states():
    env = RoboDesk(task="stack")
    rng = np.random.default_rng(0)
    seen = [env.reset(seed=3)[0], *(env.step(rng.uniform(-1, 1, 5))[0] for _ in range(6))]
    return {name: np.stack([shown[name] for shown in seen]) for name in ("image", "attributes")}


def test_errors_are_what_was_moved(states):
    true = states["attributes"]
    assert all(not off.any() for (name, _), off in errors(true, true).items() if "turn" not in name)
    found = true.copy()
    found[:, PLACES["ball"] : PLACES["ball"] + 3] += [0.03, 0.0, 0.04]
    found[:, 0] += 0.7
    off = errors(found, true)
    np.testing.assert_allclose(off["ball", "m"], 0.05, rtol=1e-4)
    np.testing.assert_allclose(off["joint angles, mean of 7", "rad"], 0.1, rtol=1e-4)
    assert off["upright block", "m"].max() == 0
    quarter = np.array([[np.cos(np.pi / 4), 0, 0, np.sin(np.pi / 4)]])
    for same in (quarter, -quarter, 3 * quarter):
        assert turned(same, np.array([[1.0, 0, 0, 0]]))[0] == pytest.approx(np.pi / 2)


def test_attributes_are_drawn_as_they_were_seen(states):
    again = drawn(states["attributes"])
    assert np.abs(again.astype(float) - states["image"]).mean() < 0.05


@pytest.fixture(scope="module")
def desk(smoke_config, tmp_path_factory):
    """A folder with data of RoboDesk and a representation that knows nothing yet."""
    raw = smoke_config.model_dump(mode="json")
    raw["environments"]["robodesk"]["representation"]["data"] = [{"task": "push_green", "policy": "random", "rows": 40}]
    config = resolve(raw)
    place = Place(tmp_path_factory.mktemp("desk"), config.scale)
    block = config.environments.robodesk.representation
    for name in ("attr", "v"):
        path = place.path(layout.VAE, env="robodesk", domain=name)
        save_domain(path, make_domain("robodesk", name, block.vae[name], block.seed))
        Record("train_vae", "smoke", {}, []).write(path)
    path = place.path(layout.WORKSPACE, env="robodesk", kind="gw")
    save_workspace(path, make_workspace({n: block.vae[n].latent for n in ("attr", "v")}, block.workspace, 0), "gw")
    Record("train_workspace", "smoke", {}, []).write(path)
    chosen = {"env": "robodesk", "task": "push_green", "policy": "random"}
    collect.run(stage_settings("collect", config, **chosen), place, Machine())
    return place, config


def test_table_page_and_picture(desk):
    place, config = desk
    desk_quality.run(stage_settings("desk_quality", config), place, Machine())
    table = pd.read_csv(place.path(layout.DESK_QUALITY))
    assert len(table) == 3 * (12 + 12 + 3 * 11 + 3 * 1)
    assert set(table["route"][table["kind"] == "gw"]) == {
        f"{source}->{target}" for source in ("attr", "v", "attr+v") for target in ("attr", "v")
    }
    assert table["value"].notna().all()
    own = table[(table["kind"] == "vae") & (table["statistic"] == "median")]
    np.testing.assert_array_equal(own["value"], own["bound_vae"])
    assert set(table["rows"]) == {10}, "of the eleven held-out rows as many as were asked for"
    page = place.path(layout.DESK_QUALITY_MARKDOWN).read_text()
    assert "| ball (m) |" in page
    picture = place.path(layout.DESK_TRANSLATIONS)
    with Image.open(picture) as image:
        assert image.size == (7 * 132 + 4, 2 * 132 + 34)
    assert len(verify(picture)["inputs"]) == 4


def test_what_cannot_be_compared_is_said(desk):
    raw = desk[1].model_dump(mode="json")
    where = "environments.robodesk"
    with pytest.raises(UserError, match=r"positions that .*environment\.upstream hides"):
        stage_settings("desk_quality", resolve(raw, [f"{where}.environment.upstream=true"]))
    with pytest.raises(UserError, match=r"representation\.domains lacks attr"):
        stage_settings("desk_quality", resolve(raw, [f"{where}.representation.domains=[proprio, v]"]))
