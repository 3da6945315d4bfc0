"""Pictures of a training show what the workspace does, and change nothing in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gwpipe.artefact import hash_file
from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.domains.fit import Run
from gwpipe.envs.simple_shapes import normalise
from gwpipe.errors import UserError
from gwpipe.figures.translation_grid import GAP, HEAD, ROWS, SIDE, WORDS, tiles, translation_grid, watcher
from gwpipe.settings.representation import LossWeights, OptimisationSettings, VAESettings, WorkspaceSettings
from gwpipe.studies.fresh_shapes import fresh_shapes, sample_raw
from gwpipe.workspace.training import make_workspace, train_workspace
from gwpipe.workspace.workspace import Workspace

RATES = {"start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}
LATENT = 5


def domain(name: str, **changes):
    block = {"latent": LATENT, "width": 0.1, "beta": 0.1, "optimisation": {"steps": 1, "batch_size": 4, **RATES}}
    return make_domain("simple_shapes", name, VAESettings.model_validate(block | changes)).eval()


@pytest.fixture
def three():
    return {name: domain(name) for name in ("attr", "t", "v")}


def latents(names, rows: int = 12):
    return {name: torch.randn(rows, LATENT, generator=torch.Generator().manual_seed(k)) for k, name in enumerate(names)}


def settings(steps: int) -> WorkspaceSettings:
    optimisation = OptimisationSettings(steps=steps, batch_size=8, **RATES)
    return WorkspaceSettings(dim=4, hidden=8, layers=1, kinds={}, optimisation=optimisation)


def test_every_route_has_its_column(three) -> None:
    torch.manual_seed(0)
    workspace = Workspace(dict.fromkeys(three, LATENT), 4, 8, 1).train()
    u = latents(three, 2)
    grid = translation_grid(workspace, three, u)
    assert workspace.training
    wide, narrow = 4, 8  # of sentences: t, attr > t, v > t, t > all > t
    assert grid.size == (wide * (WORDS + GAP) + narrow * (SIDE + GAP) + GAP, 2 * (SIDE + GAP) + HEAD + GAP)
    # The first four columns: attr, attr > t, attr > v, attr > all > attr.
    workspace.eval()
    translated = tiles(three["v"], workspace.translate({"attr": u["attr"]}, "v").detach())[1]
    left, top = GAP + (SIDE + GAP) + (WORDS + GAP), HEAD + SIDE + GAP
    np.testing.assert_array_equal(np.asarray(grid)[top : top + SIDE, left : left + SIDE], translated)
    back = tiles(three["attr"], workspace.cycle({"attr": u["attr"]})["attr"].detach())[0]
    left += SIDE + GAP
    np.testing.assert_array_equal(np.asarray(grid)[HEAD : HEAD + SIDE, left : left + SIDE], back)


def test_attributes_are_drawn_as_the_environment_draws_them() -> None:
    shapes = fresh_shapes(3, "drawn", 0)
    plain = domain("attr", kind="plain_attributes", latent=11)
    plain.fit_to(normalise(sample_raw(np.random.default_rng(0), 500)))
    drawn = tiles(plain, plain.encode(shapes.attributes))
    for tile, image in zip(drawn, shapes.image):
        small = tile[:: SIDE // 32, :: SIDE // 32].astype(int)
        assert np.abs(small - image).max() <= 2
    bars = tiles(domain("attr", options={"without": ["colour"]}), torch.randn(2, LATENT))
    assert [bar.shape for bar in bars] == [(SIDE, SIDE, 3)] * 2
    assert len(np.unique(bars[0])) == 2


def test_watching_writes_pictures_and_changes_no_weight(three, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    pair = {name: three[name] for name in ("attr", "v")}
    weights = {name: tmp_path / name for name in pair}
    for name, path in weights.items():
        save_domain(path, pair[name])
    hashes = {name: hash_file(path) for name, path in weights.items()}
    u, losses = latents(pair, 40), LossWeights(dcy=1, cy=1, tr=1, fusion=1, cont=0.1)
    made = {}
    for watched in (False, True):
        workspace = make_workspace(dict.fromkeys(pair, LATENT), settings(5))
        run = Run(0, "test")
        if watched:
            run = replace(run, watch=watcher(workspace, u, weights, hashes, 2, tmp_path / "pictures"))
        train_workspace(workspace, u, u, losses, settings(5), run)
        made[watched] = workspace.state_dict()
    assert all(torch.equal(value, made[True][name]) for name, value in made[False].items())
    pictures = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert pictures == ["step000002.png", "step000004.png"]
    first, second = (np.asarray(Image.open(tmp_path / "pictures" / name)) for name in pictures)
    assert first.shape == (ROWS * (SIDE + GAP) + HEAD + GAP, 6 * (SIDE + GAP) + GAP, 3)
    assert not np.array_equal(first, second)


def test_pictures_of_other_weights_are_refused(three, tmp_path: Path) -> None:
    workspace = Workspace({"attr": LATENT}, 4, 8, 1)
    with pytest.raises(UserError, match="do not exist"):
        watcher(workspace, latents(["attr"]), {"attr": tmp_path / "attr"}, {"attr": "0"}, 2, tmp_path)
    save_domain(tmp_path / "attr", three["attr"])
    with pytest.raises(UserError, match="'attr' come from other weights"):
        watcher(workspace, latents(["attr"]), {"attr": tmp_path / "attr"}, {"attr": "0"}, 2, tmp_path)
