"""A small checkout of made-up artefacts, as the stages leave them."""

import json
from types import SimpleNamespace

import pytest

from gwpipe import layout
from gwpipe.artefact import Record, manifest_path

DATA = "results/smoke/simple_shapes/data/centre/random.zarr"
VAE = "results/smoke/simple_shapes/vae/attr/weights.safetensors"
LATENTS = "results/smoke/simple_shapes/latents/centre/random/attr.zarr"
TABLE = "results/table1.csv"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Data, a VAE, its latents and a table, each made from those before; the working folder is their root."""
    monkeypatch.chdir(tmp_path)
    return SimpleNamespace(
        root=tmp_path, make_all=make_all, make=make, data=DATA, vae=VAE, latents=LATENTS, table=TABLE
    )


def make_all(root, *, beta=0.1, weights="weights"):
    """Everything anew; `beta` is a setting of the VAE, `weights` its content."""
    make(root, "collect", DATA, {"seed": 0}, [], "rows")
    make(root, "train_vae", VAE, {"seed": 0, "beta": beta}, [DATA], weights)
    make(root, "cache_latents", LATENTS, {}, [DATA, VAE], f"latents of {weights}")
    make(root, "table1", TABLE, {}, [VAE, LATENTS], f"table of {weights}")


def make(root, stage, name, settings, inputs, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    record = Record(stage, "smoke", settings, [root / source for source in inputs])
    path.write_text(content)
    record.write(path)
    manifest = json.loads(manifest_path(path).read_text())
    assert manifest_path(path).name.endswith(layout.MANIFEST)
    return manifest
