"""out_of_distribution: from data, latents and VAEs to a table and pictures; a run that was stopped goes on."""

import importlib

import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings
from gwpipe.stages import out_of_distribution as stage
from gwpipe.studies.out_of_distribution import COLUMNS


def test_table_and_pictures_the_same_after_an_interruption(measured, monkeypatch):
    def run(name, **chosen):
        settings = stage_settings(name, measured.config, None, env="simple_shapes", **chosen)
        importlib.import_module(f"gwpipe.stages.{name}").run(settings, measured.place, Machine())

    (source,) = measured.config.environments.simple_shapes.representation.data
    which = {"task": source.task, "policy": source.policy}
    run("collect", **which)
    for domain in ("attr", "v"):
        run("cache_latents", domain=domain, **which)
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
