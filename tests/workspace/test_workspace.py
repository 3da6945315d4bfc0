from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gwpipe.errors import UserError
from gwpipe.workspace import losses
from gwpipe.workspace.fusion import fuse
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.workspace import Workspace, load_workspace, save_workspace

ALL = {"dcy": 1, "cy": 1, "tr": 1, "fusion": 1, "cont": 0.1}
"""Table IX, GW."""


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.fixture
def workspace() -> Workspace:
    torch.manual_seed(0)
    return Workspace({"v": 4, "attr": 3}, dim=5, hidden=8, layers=2)


@pytest.fixture
def u() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {"v": torch.randn(6, 4, generator=generator), "attr": torch.randn(6, 3, generator=generator)}


MIXING = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0], [0.3, 0.7], [0.6, 0.4]])


def test_networks_have_the_printed_counts() -> None:
    shapes = Workspace({"v": 10, "attr": 10}, dim=10, hidden=64, layers=4)
    assert {count(m) for m in (*shapes.encoders.values(), *shapes.decoders.values())} == {13_834}
    assert count(shapes) == 55_336
    desk = Workspace({"v": 40, "attr": 40}, dim=76, hidden=512, layers=3)
    assert {count(m) for m in desk.encoders.values()} == {585_292}
    assert {count(m) for m in desk.decoders.values()} == {585_256}


def test_losses_are_those_of_the_equations(workspace: Workspace, u: dict[str, Tensor]) -> None:
    """Each translator written out one by one, as the paper writes them; the module batches them."""
    e, d = workspace.encoders, workspace.decoders
    z = {name: torch.tanh(e[name](u[name])) for name in u}
    other = {"v": "attr", "attr": "v"}

    def mse(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
        return torch.stack([((a - b) ** 2).mean() for a, b in pairs]).mean()

    expected = {
        "dcy": mse([(d[x](z[x]), u[x]) for x in u]),
        "tr": mse([(d[other[x]](z[x]), u[other[x]]) for x in u]),
        "cy": mse([(d[x](torch.tanh(e[other[x]](d[other[x]](z[x])))), u[x]) for x in u]),
        "cont": losses.contrastive({x: e[x](u[x]) for x in u}),
    }
    mixed = torch.tanh(MIXING[:, :1] * e["v"](u["v"]) + MIXING[:, 1:] * e["attr"](u["attr"]))
    expected["fusion"] = mse([(d[x](mixed), u[x]) for x in u])
    total, found = workspace_losses(workspace, u, MIXING, ALL)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value.detach(), msg=name)
    torch.testing.assert_close(total, sum(ALL[name] * value for name, value in expected.items()))


def test_no_gradient_is_stopped(workspace: Workspace, u: dict[str, Tensor]) -> None:
    """The cycle reaches all four networks."""
    total, _ = workspace_losses(workspace, u, MIXING, {"cy": 1.0})
    total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in workspace.parameters())


def test_contrastive_alone_leaves_the_decoders_alone(workspace: Workspace, u: dict[str, Tensor]) -> None:
    total, found = workspace_losses(workspace, u, MIXING, {"dcy": 0, "cy": 0, "tr": 0, "fusion": 0, "cont": 1})
    total.backward()
    assert set(found) == {"loss", "cont"}
    assert all(p.grad is None for p in workspace.decoders.parameters())
    assert all(p.grad is not None for p in workspace.encoders.parameters())


class Counting(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.calls = inner, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.inner(x)


def test_networks_run_no_oftener_than_needed(workspace: Workspace, u: dict[str, Tensor]) -> None:
    for networks in (workspace.encoders, workspace.decoders):
        for name in list(networks):
            networks[name] = Counting(networks[name])
    workspace_losses(workspace, u, MIXING, ALL)
    calls = [network.calls for networks in (workspace.encoders, workspace.decoders) for network in networks.values()]
    assert calls == [2, 2, 2, 2]


def test_three_domains_translate_between_all_pairs() -> None:
    torch.manual_seed(0)
    workspace = Workspace({"v": 4, "attr": 3, "t": 2}, dim=5, hidden=8, layers=1)
    u = {name: torch.randn(7, latent) for name, latent in workspace.domains.items()}
    _, found = workspace_losses(workspace, u, torch.full((7, 3), 1 / 3), ALL)
    assert set(found) == {"loss", *ALL}
    pairs = [(x, y) for x in u for y in u if x != y]
    direct = {(x, y): workspace.decoders[y](torch.tanh(workspace.encoders[x](u[x]))) for x, y in pairs}
    torch.testing.assert_close(found["tr"], losses.translation(direct, u).detach())
    back = {(x, y): workspace.decoders[x](torch.tanh(workspace.encoders[y](direct[x, y]))) for x, y in pairs}
    torch.testing.assert_close(found["cy"], losses.cycle(back, u).detach())
    assert workspace.translate({"v": u["v"], "t": u["t"]}, "attr").shape == (7, 3)


def test_runs_on_the_meta_device() -> None:
    with torch.device("meta"):
        workspace = Workspace({"v": 40, "attr": 40}, dim=76, hidden=512, layers=3)
        u = {"v": torch.empty(9, 40), "attr": torch.empty(9, 40)}
        total, _ = workspace_losses(workspace, u, torch.empty(9, 2), ALL)
        total.backward()


def test_fuse_decode_and_translate_agree(workspace: Workspace, u: dict[str, Tensor]) -> None:
    pre = workspace.encode(u)
    torch.testing.assert_close(workspace.fuse(u), fuse(pre, {"v": 0.5, "attr": 0.5}))
    torch.testing.assert_close(workspace.fuse({"attr": u["attr"]}), torch.tanh(pre["attr"]))
    torch.testing.assert_close(
        workspace.translate({"v": u["v"]}, "attr"), workspace.decoders["attr"](torch.tanh(pre["v"]))
    )


def test_a_domain_of_weight_0_may_be_absent(workspace: Workspace, u: dict[str, Tensor]) -> None:
    both = workspace.fuse(u, {"v": 0.0, "attr": 1.0})
    torch.testing.assert_close(workspace.fuse({"attr": u["attr"]}, {"v": 0.0, "attr": 1.0}), both)


def test_standardisation_is_undone_on_the_way_out(workspace: Workspace, u: dict[str, Tensor]) -> None:
    """Encoders see mean 0 and variance 1; decoded latents have the units of u."""
    plain = workspace.encode(u)
    shifted: Mapping[str, Tensor] = {name: 3 * value + 5 for name, value in u.items()}
    centre = {name: value.mean(0) for name, value in u.items()}
    workspace.fit_to(shifted)
    inside = workspace.standardise(shifted)
    torch.testing.assert_close(inside["v"].mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(inside["v"].std(0), torch.ones(4))
    z = torch.zeros(1, 5)
    raw = workspace.decoders["v"](z)
    scale = shifted["v"].std(0)
    torch.testing.assert_close(workspace.decode(z)["v"], raw * scale + 3 * centre["v"] + 5)
    assert not torch.allclose(plain["v"], workspace.encode(shifted)["v"])


def test_to_disk_and_back(workspace: Workspace, u: dict[str, Tensor], tmp_path: Path) -> None:
    workspace.fit_to(u)
    path = tmp_path / "weights.safetensors"
    save_workspace(path, workspace, "gw")
    loaded, kind = load_workspace(path)
    assert kind == "gw"
    assert not any(p.requires_grad for p in loaded.parameters())
    torch.testing.assert_close(loaded.fuse(u), workspace.fuse(u).detach(), rtol=0, atol=0)


def test_damaged_weights_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_workspace(path, workspace, "gw")
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"damaged .*gwpipe train_workspace"):
        load_workspace(path)
