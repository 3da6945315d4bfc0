"""workspace_study and draw_study: from data, VAEs and latents to a table and pictures; pairs of train_workspace."""

import importlib

import pandas as pd
import pytest
import torch

from gwpipe import layout
from gwpipe.artefact import Record, verify
from gwpipe.data.episodes import held_out_from, open_episodes
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings
from gwpipe.settings.workspace_studies import STUDIES
from gwpipe.stages.train_workspace import paired

ENV = "simple_shapes"


def run(stage, config, place, **wildcards):
    settings = stage_settings(stage, config, **wildcards)
    importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())


@pytest.fixture(scope="module")
def place(smoke_config, tmp_path_factory):
    """Data, untrained VAEs and their latents, at smoke size."""
    place = Place(tmp_path_factory.mktemp("studied"), smoke_config.scale)
    source = {"task": "centre", "policy": "random"}
    run("collect", smoke_config, place, env=ENV, **source)
    block = smoke_config.environments.simple_shapes.representation
    for name in STUDIES["downstream"].domains:
        weights = place.path(layout.VAE, env=ENV, domain=name)
        save_domain(weights, make_domain(ENV, name, block.vae[name], block.seed))
        Record("train_vae", place.scale, {}, []).write(weights)
        run("cache_latents", smoke_config, place, env=ENV, domain=name, **source)
    return place


@pytest.mark.parametrize("study", ["width", "downstream"])
def test_a_study_is_measured_then_drawn(smoke_config, place, study):
    run("workspace_study", smoke_config, place, study=study)
    table = place.path(layout.STUDY, study=study)
    manifest = verify(table)
    assert manifest["stage"] == "workspace_study"
    names = STUDIES[study].domains
    assert len(manifest["inputs"]) == len(names) + 1 + (len(names) if STUDIES[study].vaes else 0)
    frame = pd.read_csv(table)
    assert set(frame["study"]) == {study}
    assert set(frame["workspace_seed"].dropna()) == {0, 1}
    # One row of each episode: the next shows the same shape after one decision, or after none that does anything.
    data = open_episodes(place.path(layout.DATA, env=ENV, task="centre", policy="random"))
    begins = data.load("is_first")
    held_out = begins[held_out_from(begins, smoke_config.environments.simple_shapes.representation.holdout) :]
    translated = frame[frame["metric"].isin(["translation_loss", "class_accuracy"])]
    assert set(translated["rows"]) == {held_out.sum()}
    assert not list(table.parent.glob(".*scratch"))
    run("draw_study", smoke_config, place, study=study)
    for pattern in (layout.STUDY_FIGURE, layout.STUDY_PDF):
        assert verify(place.path(pattern, study=study))["stage"] == "draw_study"


def test_a_study_that_does_not_exist_is_one_line(smoke_config):
    with pytest.raises(UserError, match="study 'widht' is unknown; did you mean 'width'"):
        stage_settings("workspace_study", smoke_config, study="widht")


def test_a_workspace_may_have_fewer_pairs_than_rows():
    train = {"attr": torch.arange(20.0)[:, None], "v": torch.arange(20.0)[:, None] + 100}
    assert paired(train, None, 0) is train
    groups = paired(train, 5, 0)
    both = groups[frozenset({"attr", "v"})]
    assert len(both["v"]) == 5
    torch.testing.assert_close(both["v"], both["attr"] + 100)
    assert sorted(groups[frozenset({"v"})]["v"][:, 0].tolist()) == sorted(train["v"][:, 0].tolist())
    with pytest.raises(UserError, match="21 of 20 rows"):
        paired(train, 21, 0)
