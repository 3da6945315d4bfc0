"""out_of_distribution: from data, latents and VAEs to a table and pictures; a run that was stopped goes on."""

import importlib
import shutil

import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import out_of_distribution as stage
from gwpipe.studies.out_of_distribution import COLUMNS

ENV = "simple_shapes"


def run(name, config, place, changes=None, **chosen):
    settings = stage_settings(name, config, None, env=ENV, **chosen).model_copy(update=changes or {})
    importlib.import_module(f"gwpipe.stages.{name}").run(settings, place, Machine())


def which(measured):
    (source,) = measured.config.environments.simple_shapes.representation.data
    return {"task": source.task, "policy": source.policy}


def with_latents(measured, place):
    """Data and latents in a folder of VAEs."""
    run("collect", measured.config, place, **which(measured))
    for domain in ("attr", "v"):
        run("cache_latents", measured.config, place, domain=domain, **which(measured))


def test_table_and_pictures_the_same_after_an_interruption(measured, monkeypatch):
    with_latents(measured, measured.place)
    measured.run("out_of_distribution")
    table = measured.path(layout.OUT_OF_DISTRIBUTION)
    first = verify(table)
    frame = pd.read_csv(table)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 2 * 2 * 2 * 7
    rows = frame.groupby("trained_on")["rows"].first()
    assert rows["all"] == 570
    assert 0.6 * 570 < rows["without_hole"] < 570
    assert set(frame["shapes"]) == {50}
    for picture in (layout.OUT_OF_DISTRIBUTION_FIGURE, layout.OUT_OF_DISTRIBUTION_PDF):
        verify(measured.path(picture))
    assert not list(table.parent.glob(".*"))

    # Stopped after the training of both workspaces; started again, nothing is trained.
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stage, "hole_rows", stop)
    with pytest.raises(KeyboardInterrupt):
        measured.run("out_of_distribution")
    monkeypatch.undo()
    monkeypatch.setattr(stage, "train_workspace", stop)
    measured.run("out_of_distribution")
    assert verify(table)["sha256"] == first["sha256"]


def test_latents_of_other_data_or_vaes_than_those_used_are_refused(measured, tmp_path):
    shutil.copytree(measured.place.root, tmp_path / "copy", ignore=shutil.ignore_patterns("studies"))
    place = Place(tmp_path / "copy", measured.place.scale)
    with_latents(measured, place)

    def refused(message):
        with pytest.raises(UserError, match=message):
            stage.run(stage_settings("out_of_distribution", measured.config), place, Machine())
        assert not place.path(layout.OUT_OF_DISTRIBUTION).exists()

    weights = place.path(layout.VAE, env=ENV, domain="v")
    before = weights.read_bytes()
    block = measured.config.environments.simple_shapes.representation.vae["v"]
    save_domain(weights, make_domain(ENV, "v", block, seed=1))
    refused(r"v\.zarr come from other weights of 'v' than those used here; make them anew with gwpipe cache_latents")
    weights.write_bytes(before)
    run("collect", measured.config, place, {"seed": 1}, **which(measured))
    refused(r"\.zarr come from another data set than the one used here; make them anew with gwpipe cache_latents")
