"""ablate, figure5 and figure6 on agents that were really trained, at smoke scale and less."""

import importlib

import pandas as pd
import pytest

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.evaluation.ablation_table import COLUMNS
from gwpipe.layout import Place
from gwpipe.machine import Machine
from gwpipe.settings import load
from gwpipe.settings.methods import METHODS
from gwpipe.settings.stages import stage_settings
from gwpipe.workspace.training import make_workspace
from gwpipe.workspace.workspace import save_workspace

ENV, TASK = "simple_shapes", "centre"
TRAINED = ("gw_dreamer_e2e", "ppo", "vae_ppo", "gw_ppo")


@pytest.fixture(scope="module")
def compared(repository, tmp_path_factory):
    """A place with one short run of each method, on representations that know nothing yet."""
    agents = f"environments.{ENV}.agents"
    files = [repository / "config.yaml", repository / "workflow/scales/smoke.yaml"]
    cuts = [
        *(f"{agents}.runs.{method}=[0]" for method in TRAINED),
        *(f"{agents}.runs.{method}=[]" for method in METHODS if method not in TRAINED),
        f"{agents}.env_steps=100",
        f"{agents}.criterion.window=2",
        f"{agents}.ablation={{episodes: 2, blank_episodes: 2}}",
        "figures.panels=[simple_shapes]",
    ]
    config = load(files, cuts)
    place = Place(tmp_path_factory.mktemp("compared"), config.scale)
    block = config.environments.simple_shapes.representation
    for name, settings in block.seen.items():
        save_domain(place.path(layout.VAE, env=ENV, domain=name), make_domain(ENV, name, settings, block.seed))
    for seed, kind in enumerate(block.workspace.kinds):
        workspace = make_workspace({name: vae.latent for name, vae in block.seen.items()}, block.workspace, seed)
        save_workspace(place.path(layout.WORKSPACE, env=ENV, kind=kind), workspace, kind)
    for pattern, wildcards in (
        *((layout.VAE, {"domain": name}) for name in block.seen),
        *((layout.WORKSPACE, {"kind": kind}) for kind in block.workspace.kinds),
    ):
        _declare(place.path(pattern, env=ENV, **wildcards))

    def run(stage, **chosen):
        settings = stage_settings(stage, config, None, **chosen)
        importlib.import_module(f"gwpipe.stages.{stage}").run(settings, place, Machine())

    for method in TRAINED:
        run("train_agent", env=ENV, task=TASK, method=method, seed=0)
    run("random_policy", env=ENV, task=TASK)
    run("criterion", env=ENV, task=TASK)
    run("ablate", env=ENV, task=TASK)
    return place, run


def _declare(artefact):
    """A manifest for what no stage made."""
    from gwpipe.artefact import Record

    Record("train_vae", "smoke", {}, []).write(artefact)


def test_every_agent_plays_the_same_episodes_with_and_without_each_modality(compared):
    place, _ = compared
    path = place.path(layout.ABLATION, env=ENV, task=TASK)
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
    place, run = compared
    run("figure5")
    run("figure6")
    patterns = (layout.FIGURE5, layout.FIGURE5_PDF, layout.FIGURE5_NUMBERS)
    for pattern in (*patterns, layout.FIGURE6, layout.FIGURE6_PDF, layout.FIGURE6_NUMBERS):
        assert verify(place.path(pattern))["scale"] == "smoke"
    bars = pd.read_csv(place.path(layout.FIGURE6_NUMBERS))
    assert len(bars) == len(TRAINED) * 3
    lines = pd.read_csv(place.path(layout.FIGURE5_NUMBERS))
    assert set(lines["method"]) == set(TRAINED)


def test_an_agent_of_another_representation_is_refused(compared):
    place, run = compared
    path = place.path(layout.VAE, env=ENV, domain="v")
    kept = path.read_bytes(), path.with_name(path.name + layout.MANIFEST).read_bytes()
    try:
        path.write_bytes(kept[0] + b" ")
        _declare(path)
        with pytest.raises(UserError, match=r"was trained on another .*vae/v.* train the agent anew"):
            run("ablate", env=ENV, task=TASK)
    finally:
        path.write_bytes(kept[0])
        path.with_name(path.name + layout.MANIFEST).write_bytes(kept[1])
