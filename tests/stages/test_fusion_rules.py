"""train_selection and fusion_rules: from a workspace and its latents to trained rules, a table and pictures."""

import importlib

import numpy as np
import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import Record, move_into_place, verify
from gwpipe.data.store import Field, RowWriter
from gwpipe.errors import UserError
from gwpipe.machine import Machine
from gwpipe.settings.stages import stage_settings
from gwpipe.workspace.selection.registry import load_selection
from gwpipe.workspace.workspace import load_workspace, save_workspace


@pytest.fixture
def latents(measured, tmp_path):
    """Latents of two domains that show the same 400 moments, in the cache's form."""
    rng = np.random.default_rng(0)
    block = measured.config.environments.simple_shapes.representation
    for domain in block.domains:
        (source,) = block.data
        path = measured.place.path(
            layout.LATENTS, env="simple_shapes", task=source.task, policy=source.policy, domain=domain
        )
        width = block.vae[domain].latent
        writer = RowWriter(tmp_path / domain, {"u": Field((width,), "float32"), "is_first": Field((), "bool")})
        writer.append({"u": rng.standard_normal((400, width)), "is_first": np.arange(400) % 2 == 0})
        writer.finish({"made_from": {"data": "0", "vae": "0"}})
        move_into_place(writer.path, path)
        Record("cache_latents", measured.place.scale, {}, []).write(path)


def train(measured, rule):
    settings = stage_settings("train_selection", measured.config, env="simple_shapes", rule=rule, seed=0)
    importlib.import_module("gwpipe.stages.train_selection").run(settings, measured.place, Machine())
    return measured.place.path(layout.SELECTION, env="simple_shapes", rule=rule, seed=0)


def test_latents_of_other_vaes_than_the_workspaces_are_refused(measured, latents):
    for rule in measured.config.environments.simple_shapes.quality.fusion_rules.learned:
        train(measured, rule)
    path = measured.place.path(layout.WORKSPACE, env="simple_shapes", kind="gw")
    before = path.read_bytes()
    workspace, kind = load_workspace(path)
    save_workspace(path, workspace, kind, {"v": "0", "attr": "another"})
    try:
        for run in (lambda: train(measured, "static"), lambda: measured.run("fusion_rules")):
            with pytest.raises(UserError, match="other weights of 'attr' than those used here; make latents"):
                run()
    finally:
        path.write_bytes(before)


def test_rules_are_trained_then_measured(measured, latents):
    learned = measured.config.environments.simple_shapes.quality.fusion_rules.learned
    for rule in learned:
        weights = train(measured, rule)
        assert verify(weights)["results"]["updates"] == 20
        assert load_selection(weights).rule == rule
    measured.run("fusion_rules")
    table = measured.path(layout.FUSION_RULES)
    assert len(verify(table)["inputs"]) == 3 + len(learned)
    frame = pd.read_csv(table)
    assert set(frame["rule"]) == {"equal", "single_attr", "single_v", "random", "oracle", *learned}
    assert set(frame["rows"]) == {20}
    first = frame["error"].to_numpy()
    for picture in (layout.FUSION_RULES_FIGURE, layout.FUSION_RULES_PDF):
        verify(measured.path(picture))
    measured.run("fusion_rules")
    np.testing.assert_array_equal(pd.read_csv(table)["error"].to_numpy(), first)
