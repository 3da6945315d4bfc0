import math
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gwpipe.domains.mlp import WithLinearPath
from gwpipe.errors import UserError
from gwpipe.workspace.fusion import fuse
from gwpipe.workspace.selection.fixed import Equal, Single
from gwpipe.workspace.workspace import Workspace, load_workspace, save_workspace


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_networks_have_the_printed_counts() -> None:
    shapes = Workspace({"v": 10, "attr": 10}, dim=10, hidden=64, layers=4)
    assert {count(m) for m in (*shapes.encoders.values(), *shapes.decoders.values())} == {13_834}
    assert count(shapes) == 55_336
    desk = Workspace({"v": 40, "attr": 40}, dim=76, hidden=512, layers=3)
    assert {count(m) for m in desk.encoders.values()} == {585_292}
    assert {count(m) for m in desk.decoders.values()} == {585_256}


def test_a_linear_path_is_added_to_every_encoder_and_decoder(u: dict[str, Tensor], tmp_path: Path) -> None:
    widths = {name: latents.shape[1] for name, latents in u.items()}
    workspace = Workspace(widths, dim=5, hidden=8, layers=2, linear_path=True)
    for name, encoder in workspace.encoders.items():
        assert isinstance(encoder, WithLinearPath)
        expected = encoder.network(u[name]) + u[name] @ encoder.straight.weight.T
        torch.testing.assert_close(workspace.encode(u)[name], expected)
    plain = Workspace(widths, dim=5, hidden=8, layers=2)
    assert count(workspace) - count(plain) == 2 * 5 * sum(widths.values())
    save_workspace(tmp_path / "w", workspace, "gw")
    loaded, _ = load_workspace(tmp_path / "w")
    torch.testing.assert_close(loaded.broadcast(u), workspace.broadcast(u))


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


def test_a_cycle_goes_through_the_others_and_back() -> None:
    torch.manual_seed(0)
    workspace = Workspace({"v": 4, "attr": 3, "t": 2}, dim=5, hidden=8, layers=1)
    e, d = workspace.encoders, workspace.decoders
    v = torch.randn(6, 4)
    z = torch.tanh(e["v"](v))
    away = torch.tanh((e["attr"](d["attr"](z)) + e["t"](d["t"](z))) / 2)
    torch.testing.assert_close(workspace.cycle({"v": v}), {"v": d["v"](away)})
    through_t = torch.tanh(e["t"](d["t"](z)))
    torch.testing.assert_close(workspace.cycle({"v": v}, through=["t"]), {"v": d["v"](through_t)})
    weighted = torch.tanh(0.9 * e["attr"](d["attr"](z)) + 0.1 * e["t"](d["t"](z)))
    found = workspace.cycle({"v": v}, weights_back={"attr": 0.9, "t": 0.1})
    torch.testing.assert_close(found, {"v": d["v"](weighted)})
    with pytest.raises(UserError, match="through"):
        workspace.cycle({name: torch.randn(6, latent) for name, latent in workspace.domains.items()})


def test_every_inference_takes_numbers_rows_and_selections(workspace: Workspace, u: dict[str, Tensor]) -> None:
    pre = workspace.encode(u)
    z = torch.tanh(0.25 * pre["v"] + 0.75 * pre["attr"])
    rows = {"v": torch.full((6, 1), 0.25), "attr": torch.full((6, 1), 0.75)}
    entries = {"v": torch.full((6, 5), 0.25), "attr": torch.full((6, 5), 0.75)}
    for weights in ({"v": 0.25, "attr": 0.75}, rows, entries):
        torch.testing.assert_close(workspace.fuse(u, weights), z)
        torch.testing.assert_close(workspace.broadcast(u, weights), workspace.decode(z))
        torch.testing.assert_close(workspace.translate(u, "v", weights), workspace.decode(z)["v"])
    torch.testing.assert_close(workspace.fuse(u, Equal()), workspace.fuse(u))
    torch.testing.assert_close(workspace.fuse(u, Single("v")), torch.tanh(pre["v"]))
    torch.testing.assert_close(workspace.demi_cycle(u)["v"], workspace.decode(torch.tanh(pre["v"]))["v"])
    assert set(workspace.decode(z, ["attr"])) == {"attr"}


def test_a_selection_sees_latents_as_encoders_do(workspace: Workspace, u: dict[str, Tensor]) -> None:
    workspace.fit_to({name: 3 * value + 1 for name, value in u.items()})
    seen: list[dict[str, Tensor]] = []

    class Watching(Equal):
        def forward(self, u, pre):  # type: ignore[no-untyped-def]
            seen.append(dict(u))
            return super().forward(u, pre)

    workspace.fuse(u, Watching())
    torch.testing.assert_close(seen[0], workspace.standardise(u))


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda w, u: w.fuse({"v": u["v"], "atr": u["attr"]}), "'atr'; did you mean 'attr'"),
        (lambda w, u: w.encode({"t": u["v"]}), "'t'; valid here: v, attr"),
        (lambda w, u: w.fit_to({"atr": u["attr"]}), "'atr'; did you mean 'attr'"),
        (lambda w, u: w.translate({"v": u["v"]}, "atr"), "'atr'; did you mean 'attr'"),
        (lambda w, u: w.cycle({"v": u["v"]}, through=["atr"]), "'atr'; did you mean 'attr'"),
        (lambda w, u: w.fuse(u, {"v": 1.0, "atr": 0.0}), "'atr'; did you mean 'attr'"),
        (lambda w, u: w.fuse({"v": u["v"]}, {"v": 0.5, "attr": 0.5}), "weight of 'attr', but no latents of it"),
        (lambda w, u: w.fuse(u, {"v": 0.0, "attr": 0.0}), "nothing to fuse"),
        (lambda w, u: w.fuse({}), "nothing to fuse"),
        (lambda w, u: w.fuse(u | {"v": u["v"][:1]}), "differ in shape"),
        (lambda w, u: w.fuse(u | {"v": u["v"][:, :1]}), "'v' are 1 wide; the workspace takes 4"),
        (lambda w, u: w.broadcast({x: value[:5] for x, value in u.items()}, {"v": torch.ones(5), "attr": 1.0}), "'v'"),
        (lambda w, u: w.fit_to({x: value[:1] for x, value in u.items()}), "at least two"),
        (lambda w, u: w.note_spread({x: value[:1] for x, value in u.items()}), "at least two"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    workspace: Workspace, u: dict[str, Tensor], use: Callable[[Workspace, dict[str, Tensor]], object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        use(workspace, u)
    assert all(
        torch.equal(buffer, (1.0 if "scale" in x else 0.0) + 0 * buffer) for x, buffer in workspace.named_buffers()
    )


def test_to_disk_and_back(workspace: Workspace, u: dict[str, Tensor], tmp_path: Path) -> None:
    workspace.fit_to(u)
    path = tmp_path / "weights.safetensors"
    save_workspace(path, workspace, "gw")
    loaded, kind = load_workspace(path)
    assert kind == "gw"
    assert not any(p.requires_grad for p in loaded.parameters())
    torch.testing.assert_close(loaded.fuse(u), workspace.fuse(u).detach(), rtol=0, atol=0)


def test_a_learnt_temperature_is_a_parameter_that_goes_to_disk(tmp_path: Path) -> None:
    assert not isinstance(Workspace({"v": 4, "attr": 3}, 5, 8, 1).log_temperature, Tensor)
    workspace = Workspace({"v": 4, "attr": 3}, 5, 8, 1, learn_temperature=True)
    assert isinstance(workspace.log_temperature, nn.Parameter)
    assert workspace.log_temperature.item() == pytest.approx(math.log(1 / 0.07))
    workspace.log_temperature.data.fill_(1.5)
    save_workspace(tmp_path / "w", workspace, "gw")
    loaded, _ = load_workspace(tmp_path / "w")
    assert loaded.learn_temperature
    assert isinstance(loaded.log_temperature, Tensor)
    assert loaded.log_temperature.item() == 1.5


def test_damaged_weights_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "robodesk" / "workspace" / "clip" / "weights.safetensors"
    save_workspace(path, workspace, "clip")
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"damaged .*gwpipe train_workspace --env robodesk --kind clip$"):
        load_workspace(path)
