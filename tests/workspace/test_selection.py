"""Every rule keeps to the contract; each chooses as it says."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gwpipe.domains import weights as weights_file
from gwpipe.errors import UserError
from gwpipe.seeding import torch_generator
from gwpipe.settings.representation import SelectionSettings
from gwpipe.workspace.fusion import fuse
from gwpipe.workspace.selection.fixed import Random, Single
from gwpipe.workspace.selection.registry import RULES, load_selection, make_selection, save_selection
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.selection.static import Static

DOMAINS = {"v": 4, "attr": 3, "t": 2}
DIM = 5


def batch(rows: int, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    torch.manual_seed(3)
    u = {name: torch.randn(rows, width).to(device) for name, width in DOMAINS.items()}
    return u, {name: torch.randn(rows, DIM).to(device) for name in DOMAINS}


@pytest.fixture(params=list(RULES))
def selection(request: pytest.FixtureRequest) -> Selection:
    return make_selection(SelectionSettings(rule=request.param, domain="attr"), DOMAINS, DIM)


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("present", [("v", "attr", "t"), ("v", "attr"), ("attr",)])
def test_weights_are_shares_of_the_domains_present(selection: Selection, rows: int, present: tuple[str, ...]) -> None:
    """A batch of one row too: published code squeezes it away."""
    u, pre = batch(rows)
    weights = selection({x: u[x] for x in present}, {x: pre[x] for x in present})
    assert tuple(weights) == present
    shares = [torch.as_tensor(weight).expand(rows, DIM) for weight in weights.values()]
    assert all((share >= 0).all() for share in shares)
    torch.testing.assert_close(torch.stack(shares).sum(0), torch.ones(rows, DIM))
    assert fuse({x: pre[x] for x in present}, weights).shape == (rows, DIM)


def test_weights_lie_where_the_batch_lies(selection: Selection) -> None:
    """Published code passes the batch size where a device belongs. The meta device shows where tensors are made."""
    u, pre = batch(7, "meta")
    weights = selection.to("meta")(u, pre)
    assert all(weight.device.type == "meta" for weight in weights.values() if isinstance(weight, Tensor))


def test_to_disk_and_back(selection: Selection, tmp_path: Path) -> None:
    for parameter in selection.parameters():
        torch.nn.init.normal_(parameter)
    save_selection(tmp_path / "selection", selection)
    loaded = load_selection(tmp_path / "selection")
    assert type(loaded) is type(selection)
    assert loaded.describe() == selection.describe()
    assert not any(p.requires_grad for p in loaded.parameters())
    u, pre = batch(4)
    torch.manual_seed(0)
    expected = selection(u, pre)
    torch.manual_seed(0)
    for name, weight in loaded(u, pre).items():
        torch.testing.assert_close(torch.as_tensor(weight), torch.as_tensor(expected[name]).detach(), rtol=0, atol=0)


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    weights_file.save(tmp_path / "other", {"kind": "gw"}, {"x": torch.zeros(1)})
    with pytest.raises(UserError, match="no selection"):
        load_selection(tmp_path / "other")


def test_a_missing_selection_comes_with_the_command_that_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "simple_shapes" / "selection" / "precision" / "seed2" / "weights.safetensors"
    remedy = "gwpipe train_selection --env simple_shapes --rule precision --seed 2"
    with pytest.raises(UserError, match=f"do not exist; make them with {remedy}$"):
        load_selection(path)


def test_an_unknown_rule_is_one_line_that_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'precision'"):
        make_selection(SelectionSettings(rule="precison"), DOMAINS, DIM)
    with pytest.raises(UserError, match="'single' needs domain"):
        make_selection(SelectionSettings(rule="single"), DOMAINS, DIM)


def test_single_needs_its_domain() -> None:
    u, pre = batch(2)
    assert Single("t")(u, pre) == {"v": 0.0, "attr": 0.0, "t": 1.0}
    with pytest.raises(UserError, match="'t'"):
        Single("t")({"v": u["v"]}, {"v": pre["v"]})


def test_random_weights_come_from_the_generator_with_the_published_distribution() -> None:
    """softmax(U / 0.2) of two domains: mean 0.5, standard deviation 0.324, 32 % of draws with a weight above 0.9."""
    pre = {"v": torch.zeros(100_000, 1), "attr": torch.zeros(100_000, 1)}
    drawn = Random(0.2, torch_generator("test", 0))(pre, pre)
    again = Random(0.2, torch_generator("test", 0))(pre, pre)
    v = drawn["v"]
    assert isinstance(v, Tensor)
    assert torch.equal(v, torch.as_tensor(again["v"]))
    assert v.mean().item() == pytest.approx(0.5, abs=0.005)
    assert v.std().item() == pytest.approx(0.324, abs=0.005)
    assert (torch.maximum(v, 1 - v) > 0.9).float().mean().item() == pytest.approx(0.32, abs=0.01)


def test_static_weights_are_a_softmax_over_those_present() -> None:
    static = Static(DOMAINS)
    with torch.no_grad():
        static.scores["v"].fill_(math.log(3))
    u, pre = batch(2)
    del pre["t"]
    torch.testing.assert_close(static(u, pre)["v"], torch.full((2, 1), 0.75))


def test_precision_weights_differ_by_entry_and_confidence_does_not_depend_on_company() -> None:
    precision = make_selection(SelectionSettings(rule="precision"), DOMAINS, DIM)
    u, pre = batch(6)
    three = precision(u, pre)
    assert torch.as_tensor(three["v"]).std(dim=1).min() > 0
    two = precision(u, {x: pre[x] for x in ("v", "attr")})
    ratio = torch.as_tensor(three["v"]) / torch.as_tensor(three["attr"])
    torch.testing.assert_close(torch.as_tensor(two["v"]) / torch.as_tensor(two["attr"]), ratio)


def test_attention_by_hand() -> None:
    attention = make_selection(SelectionSettings(rule="attention", head=4, queries=2), DOMAINS, DIM)
    u, pre = batch(3)
    keys = {x: attention.keys[x](u[x]) for x in u}  # type: ignore[index]
    weights = {x: torch.full((3, 1), 1 / 3) for x in u}
    for _ in range(2):
        z = torch.tanh(sum(weights[x] * pre[x] for x in u))
        q = attention.query(z)  # type: ignore[operator]
        scores = torch.stack([(q * keys[x]).sum(1) / 2 for x in u], 1).softmax(1)
        weights = {x: scores[:, i : i + 1] for i, x in enumerate(u)}
    for name, weight in attention(u, pre).items():
        torch.testing.assert_close(weight, weights[name])
