"""Each activation by hand; a workspace follows its own in training, inference, selections and on disk."""

import math
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from gwpipe.domains import weights as weights_file
from gwpipe.domains.mlp import mlp
from gwpipe.errors import UserError
from gwpipe.settings.representation import ActivationName, SelectionSettings
from gwpipe.workspace.activation import ACTIVATIONS
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Equal
from gwpipe.workspace.selection.registry import load_selection, make_selection, save_selection
from gwpipe.workspace.selection_training import broadcast_error
from gwpipe.workspace.workspace import Workspace, load_workspace, save_workspace

PAIR = ("v", "attr")


def make(activation: str = "tanh", layers: int = 1, bias: bool = True) -> Workspace:
    torch.manual_seed(0)
    return Workspace({"v": 4, "attr": 3}, dim=5, hidden=8, layers=layers, activation=activation, bias=bias)


def test_settings_name_what_there_is() -> None:
    assert set(get_args(ActivationName)) == set(ACTIVATIONS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tanh", [math.tanh(3), math.tanh(-4)]),
        ("identity", [3.0, -4.0]),
        ("layer_norm", [1.0, -1.0]),
        ("unit", [0.6, -0.8]),
    ],
)
def test_golden_numbers(name: str, expected: list[float]) -> None:
    found = ACTIVATIONS[name].of(torch.tensor([[3.0, -4.0]]))
    torch.testing.assert_close(found, torch.tensor([expected]))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_only_the_bounded_ones_are_called_bounded(name: str) -> None:
    far = ACTIVATIONS[name].of(100 * torch.randn(500, 6, generator=torch.Generator().manual_seed(0)))
    assert (far.abs().max() <= 1 + 1e-6) == ACTIVATIONS[name].bounded
    assert make(name).bounded == ACTIVATIONS[name].bounded


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_training_and_inference_agree(name: str, u: dict[str, Tensor]) -> None:
    """A demi-cycle and a fusion, as the objective counts them and as the workspace infers them."""
    workspace = make(name)
    _, found = workspace_losses(workspace, {PAIR: u}, Equal(), {"dcy": 1, "fusion": 1, "tr": 1})
    back, both = workspace.demi_cycle(u), workspace.broadcast(u)
    across = {"v": workspace.translate({"attr": u["attr"]}, "v"), "attr": workspace.translate({"v": u["v"]}, "attr")}
    for loss, arrived in (("dcy", back), ("fusion", both), ("tr", across)):
        errors = [(arrived[x] - u[x]).square().mean() for x in PAIR]
        torch.testing.assert_close(found[loss], torch.stack(errors).mean().detach())
    errors = [(both[x] - u[x]).square().mean() for x in PAIR]
    torch.testing.assert_close(broadcast_error(workspace, u, u, Equal()), torch.stack(errors).mean())


def test_the_activation_goes_to_disk_and_back(u: dict[str, Tensor], tmp_path: Path) -> None:
    workspace = make("layer_norm", layers=0, bias=False)
    save_workspace(tmp_path / "w", workspace, "gw")
    loaded, _ = load_workspace(tmp_path / "w")
    assert (loaded.activation, loaded.layers, loaded.bias) == ("layer_norm", 0, False)
    torch.testing.assert_close(loaded.fuse(u), workspace.fuse(u).detach(), rtol=0, atol=0)


def test_weights_that_name_no_activation_are_of_tanh(u: dict[str, Tensor], tmp_path: Path) -> None:
    workspace = make()
    description = {"kind": "gw", "vaes": {}, **workspace.describe()}
    del description["activation"], description["bias"]
    weights_file.save(tmp_path / "w", description, workspace.state_dict())
    loaded, _ = load_workspace(tmp_path / "w")
    torch.testing.assert_close(loaded.fuse(u), workspace.fuse(u).detach(), rtol=0, atol=0)


def test_an_unknown_activation_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no activation 'layernorm'; did you mean 'layer_norm'"):
        make("layernorm")
    description = {"kind": "gw", "vaes": {}, **make().describe(), "activation": "tan"}
    weights_file.save(tmp_path / "w", description, make().state_dict())
    with pytest.raises(UserError, match="did you mean 'tanh'"):
        load_workspace(tmp_path / "w")


def test_attention_asks_with_the_workspaces_state(u: dict[str, Tensor], tmp_path: Path) -> None:
    workspace = make("identity")
    chosen = make_selection(SelectionSettings(rule="attention"), workspace.domains, 5, activation="identity")
    pre = {x: 50 * z for x, z in workspace.encode(u).items()}
    other = make_selection(SelectionSettings(rule="attention"), workspace.domains, 5)
    assert not torch.allclose(torch.as_tensor(chosen(u, pre)["v"]), torch.as_tensor(other(u, pre)["v"]))
    assert chosen.fits(workspace.domains, 5, "identity")
    assert not other.fits(workspace.domains, 5, "identity")
    save_selection(tmp_path / "s", chosen)
    assert load_selection(tmp_path / "s").describe() == chosen.describe()


def test_without_hidden_layers_every_map_is_linear(u: dict[str, Tensor]) -> None:
    """Shimmer's linear domains: one matrix in, one matrix out; the published default has no biases."""
    linear = make("identity", layers=0, bias=False)
    assert sum(p.numel() for p in linear.parameters()) == 2 * (4 + 3) * 5
    assert all(isinstance(module, nn.Linear) for module in [*linear.encoders.modules()] if not list(module.children()))
    translated = linear.translate({"v": u["v"]}, "attr")
    torch.testing.assert_close(linear.translate({"v": 3 * u["v"]}, "attr"), 3 * translated)
    assert sum(p.numel() for p in make(layers=0).parameters()) == 2 * (4 + 3) * 5 + 2 * 5 + 4 + 3
    assert [type(layer) for layer in mlp(3, 2)] == [nn.Linear]
    loss, _ = workspace_losses(linear, {PAIR: u}, Equal(), {"tr": 1, "cont": 1})
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in linear.parameters())
