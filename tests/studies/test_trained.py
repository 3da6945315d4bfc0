"""Loading what is measured."""

import pytest

from gwpipe.domains.catalogue import make_domain, save_domain
from gwpipe.errors import UserError
from gwpipe.settings.representation import OptimisationSettings, VAESettings
from gwpipe.studies.reader import Reader, save_reader
from gwpipe.studies.trained import load_trained
from gwpipe.workspace.workspace import Workspace, save_workspace

OPTIMISATION = OptimisationSettings(steps=1, batch_size=2, start_lr=1, max_lr=1, end_lr=1, weight_decay=0)


def test_a_workspace_for_other_latents_is_refused(tmp_path):
    settings = VAESettings(width=0.1, latent=4, beta=0, optimisation=OPTIMISATION)
    vaes = {name: tmp_path / f"{name}.safetensors" for name in ("v", "attr")}
    for name, path in vaes.items():
        save_domain(path, make_domain("simple_shapes", name, settings))
    workspace = tmp_path / "gw.safetensors"
    save_workspace(workspace, Workspace({"v": 4, "attr": 5}, 3, 4, 1), "gw")
    reader = tmp_path / "reader.safetensors"
    save_reader(reader, Reader(0.1))
    with pytest.raises(UserError, match="train it anew"):
        load_trained(vaes, {"gw": workspace}, reader)
    save_workspace(workspace, Workspace({"v": 4, "attr": 4, "t": 6}, 3, 4, 1), "gw")
    assert set(load_trained(vaes, {"gw": workspace}, reader).workspaces) == {"gw"}
