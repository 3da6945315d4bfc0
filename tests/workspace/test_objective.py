"""What one update computes: the equations written out one by one, over every subset, beside the batched module."""

from collections.abc import Callable, Mapping
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn

from gwpipe.workspace import losses
from gwpipe.workspace.objective import trainable, workspace_losses
from gwpipe.workspace.selection.fixed import Equal, Random
from gwpipe.workspace.workspace import Workspace

MIXING = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0], [0.3, 0.7], [0.6, 0.4]])
PAIR = ("v", "attr")
MakeGiven = Callable[[Mapping[tuple[str, ...], Tensor]], nn.Module]


def mean(errors: list[Tensor]) -> Tensor:
    return torch.stack(errors).mean()


def mse(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b) ** 2).mean()


def test_losses_of_two_domains_are_those_of_the_paper(
    workspace: Workspace, u: dict[str, Tensor], given: MakeGiven, coefficients: dict[str, float]
) -> None:
    """Each translator written out one by one, as equations 1 to 3 have them."""
    e, d = workspace.encoders, workspace.decoders
    z = {name: torch.tanh(e[name](u[name])) for name in u}
    other = {"v": "attr", "attr": "v"}
    mixed = torch.tanh(MIXING[:, :1] * e["v"](u["v"]) + MIXING[:, 1:] * e["attr"](u["attr"]))
    expected = {
        "dcy": mean([mse(d[x](z[x]), u[x]) for x in u]),
        "tr": mean([mse(d[other[x]](z[x]), u[other[x]]) for x in u]),
        "cy": mean([mse(d[x](torch.tanh(e[other[x]](d[other[x]](z[x])))), u[x]) for x in u]),
        "fusion": mean([mse(d[x](mixed), u[x]) for x in u]),
        "cont": losses.contrastive([{x: e[x](u[x]) for x in u}]),
    }
    total, found = workspace_losses(workspace, {PAIR: u}, given({PAIR: MIXING}), coefficients)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value.detach(), msg=name)
    torch.testing.assert_close(total, sum(coefficients[name] * value for name, value in expected.items()))


def test_losses_of_two_domains_are_the_golden_numbers(
    workspace: Workspace, u: dict[str, Tensor], given: MakeGiven
) -> None:
    """As the first version computed them, which knew nothing of subsets and groups."""
    golden = {"dcy": 1.3476124, "cy": 1.3271139, "tr": 1.3248545, "fusion": 1.3319743, "cont": 2.4510398}
    _, found = workspace_losses(workspace, {PAIR: u}, given({PAIR: MIXING}), dict.fromkeys(golden, 1.0))
    assert {name: found[name].item() for name in golden} == pytest.approx(golden, rel=1e-5)


def test_the_contrastive_loss_is_the_one_asked_for(workspace: Workspace, u: dict[str, Tensor]) -> None:
    weights = {"dcy": 1, "cont": 0.5}
    total, found = workspace_losses(workspace, {PAIR: u}, Equal(), weights, "vse_pp")
    torch.testing.assert_close(found["cont"], losses.hardest_negatives([workspace.encode(u)]).detach())
    torch.testing.assert_close(total.detach(), found["dcy"] + 0.5 * found["cont"])


def by_hand(
    workspace: Workspace,
    groups: Mapping[tuple[str, ...], Mapping[str, Tensor]],
    table: Mapping[tuple[str, ...], Tensor],
) -> dict[str, Tensor]:
    """Subset by subset, every network anew wherever a formula names it."""
    e, d, domains = workspace.encoders, workspace.decoders, tuple(workspace.domains)

    def fused(latents: Mapping[str, Tensor]) -> Tensor:
        names = tuple(latents)
        weights = table[names] if len(names) > 1 else torch.ones(len(latents[names[0]]), 1)
        return torch.tanh(sum(weights[:, i : i + 1] * e[x](latents[x]) for i, x in enumerate(names)))

    errors: dict[str, list[Tensor]] = {"dcy": [], "tr": [], "fusion": [], "cy": [], "cont": []}
    for group, u in groups.items():
        for size in range(1, len(group) + 1):
            for subset in combinations(group, size):
                z = fused({x: u[x] for x in subset})
                for y in group:
                    name = "tr" if y not in subset else "dcy" if size == 1 else "fusion"
                    errors[name].append(mse(d[y](z), u[y]))
                others = [y for y in domains if y not in subset]
                if others:
                    back = fused({y: d[y](z) for y in others})
                    errors["cy"] += [mse(d[x](back), u[x]) for x in subset]
        errors["cont"] += [losses.contrastive([{x: e[x](u[x]), y: e[y](u[y])}]) for x, y in combinations(group, 2)]
    return {name: mean(found) for name, found in errors.items() if found}


def several(domains: int, rows: int = 5) -> tuple[Workspace, dict[str, Tensor], dict[tuple[str, ...], Tensor]]:
    """A workspace, latents and fusion weights for every subset."""
    torch.manual_seed(domains)
    names = tuple("abcd"[:domains])
    workspace = Workspace({name: 2 + i for i, name in enumerate(names)}, dim=5, hidden=8, layers=1)
    u = {name: torch.randn(rows, width) for name, width in workspace.domains.items()}
    table = {s: torch.rand(rows, n).softmax(1) for n in range(2, domains + 1) for s in combinations(names, n)}
    return workspace, u, table


@pytest.mark.parametrize("domains", [3, 4])
def test_every_subset_of_many_domains_counts(domains: int, given: MakeGiven, coefficients: dict[str, float]) -> None:
    workspace, u, table = several(domains)
    total, found = workspace_losses(workspace, {tuple(u): u}, given(table), coefficients)
    expected = by_hand(workspace, {tuple(u): u}, table)
    assert set(found) == {"loss", *expected}
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value.detach(), msg=name)
    ours = torch.autograd.grad(total, list(workspace.parameters()))
    theirs = torch.autograd.grad(sum(coefficients[k] * v for k, v in expected.items()), list(workspace.parameters()))
    for a, b in zip(ours, theirs):
        torch.testing.assert_close(a, b)


def test_groups_of_other_rows_add_their_routes(given: MakeGiven, coefficients: dict[str, float]) -> None:
    """Unpaired, paired and larger groups together; the losses are means over all of their routes."""
    workspace, u, table = several(3)
    groups = {
        ("a",): {"a": u["a"] + 1},
        ("c",): {"c": u["c"] - 1},
        ("a", "b"): {"a": u["a"], "b": u["b"]},
        ("b", "c"): {"b": 2 * u["b"], "c": u["c"]},
        ("a", "b", "c"): {x: value.flip(0) for x, value in u.items()},
    }
    _, found = workspace_losses(workspace, groups, given(table), coefficients)
    for name, value in by_hand(workspace, groups, table).items():
        torch.testing.assert_close(found[name], value.detach(), msg=name)


def test_an_unpaired_batch_trains_demi_cycle_and_cycle(given: MakeGiven, coefficients: dict[str, float]) -> None:
    workspace, u, table = several(3)
    groups = {("a",): {"a": u["a"]}}
    total, found = workspace_losses(workspace, groups, given(table), coefficients)
    assert set(found) == {"loss", "dcy", "cy"}
    expected = by_hand(workspace, groups, table)
    torch.testing.assert_close(total, expected["dcy"] + expected["cy"])
    total.backward()
    assert all(p.grad is not None for p in workspace.parameters())


def test_what_groups_can_train() -> None:
    domains = ("a", "b", "c")
    assert trainable([("a",), ("b",)], domains) == ("dcy", "cy")
    assert trainable([("a",), ("b", "c")], domains) == ("dcy", "cy", "tr", "fusion", "cont")
    assert trainable([("a",)], ("a",)) == ("dcy",)


def test_nothing_to_train_is_refused(given: MakeGiven) -> None:
    workspace, u, table = several(2)
    with pytest.raises(ValueError, match="no loss"):
        workspace_losses(workspace, {("a",): {"a": u["a"]}}, given(table), {"cont": 1, "tr": 1})


@pytest.mark.parametrize("one", [1, 1.0])
def test_coefficients_may_be_integers(workspace: Workspace, u: dict[str, Tensor], one: float) -> None:
    total, found = workspace_losses(workspace, {PAIR: u}, Equal(), {"dcy": one, "tr": one, "cont": 0})
    assert set(found) == {"loss", "dcy", "tr"}
    torch.testing.assert_close(total.detach(), found["dcy"] + found["tr"])


def test_no_gradient_is_stopped(workspace: Workspace, u: dict[str, Tensor]) -> None:
    """The cycle reaches all four networks."""
    total, _ = workspace_losses(workspace, {PAIR: u}, Equal(), {"cy": 1.0})
    total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in workspace.parameters())


def test_contrastive_alone_leaves_the_decoders_alone(workspace: Workspace, u: dict[str, Tensor]) -> None:
    coefficients = {"dcy": 0, "cy": 0, "tr": 0, "fusion": 0, "cont": 1}
    total, found = workspace_losses(workspace, {PAIR: u}, Equal(), coefficients)
    total.backward()
    assert set(found) == {"loss", "cont"}
    assert all(p.grad is None for p in workspace.decoders.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in workspace.encoders.parameters())


def test_the_contrastive_gradient_does_not_reach_decoders_beside_other_losses(
    workspace: Workspace, u: dict[str, Tensor]
) -> None:
    def gradients(contrast: float) -> list[Tensor]:
        total, _ = workspace_losses(workspace, {PAIR: u}, Equal(), {"dcy": 1, "cy": 1, "cont": contrast})
        return list(torch.autograd.grad(total, list(workspace.decoders.parameters())))

    for without, beside in zip(gradients(0), gradients(5)):
        torch.testing.assert_close(without, beside)


def test_frozen_networks_get_no_gradient_and_pass_it_on(
    workspace: Workspace, u: dict[str, Tensor], coefficients: dict[str, float]
) -> None:
    workspace.encoders["attr"].requires_grad_(False)
    workspace.decoders["attr"].requires_grad_(False)
    total, _ = workspace_losses(workspace, {PAIR: u}, Equal(), coefficients)
    total.backward()
    for networks in (workspace.encoders, workspace.decoders):
        assert all(p.grad is None for p in networks["attr"].parameters())
        assert all(p.grad is not None for p in networks["v"].parameters())


def counted(workspace: Workspace) -> dict[str, list[int]]:
    """Rows of every call of every network, from now on."""
    calls: dict[str, list[int]] = {}
    for kind, networks in (("encoder", workspace.encoders), ("decoder", workspace.decoders)):
        for name, network in networks.items():
            rows = calls.setdefault(f"{kind} {name}", [])
            network.register_forward_hook(lambda _m, x, _y, rows=rows: rows.append(len(x[0])))
    return calls


def test_networks_run_no_oftener_than_needed(
    workspace: Workspace, u: dict[str, Tensor], coefficients: dict[str, float]
) -> None:
    """Twelve passes of a batch of 6: one encoding and one re-encoding, three states and one return a domain."""
    calls = counted(workspace)
    workspace_losses(workspace, {PAIR: u}, Random(0.2), coefficients)
    assert calls == {"encoder v": [6, 6], "encoder attr": [6, 6], "decoder v": [18, 6], "decoder attr": [18, 6]}


def test_what_no_loss_needs_is_not_decoded(workspace: Workspace, u: dict[str, Tensor]) -> None:
    calls = counted(workspace)
    workspace_losses(workspace, {PAIR: u}, Random(0.2), {"dcy": 1, "tr": 0, "cy": 0, "fusion": 0, "cont": 0})
    assert calls == {"encoder v": [6], "encoder attr": [6], "decoder v": [6], "decoder attr": [6]}


def test_each_subset_draws_its_own_weights() -> None:
    workspace, u, _ = several(3)
    asked: list[tuple[str, ...]] = []

    class Watching(Random):
        def forward(self, u, pre):  # type: ignore[no-untyped-def]
            asked.append(tuple(pre))
            return super().forward(u, pre)

    workspace_losses(workspace, {tuple(u): u}, Watching(0.2), {"fusion": 1, "cy": 1})
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    assert sorted(asked) == sorted([*pairs, ("a", "b", "c"), *pairs])


def test_runs_on_the_meta_device(coefficients: dict[str, float]) -> None:
    with torch.device("meta"):
        workspace = Workspace({"v": 40, "attr": 40}, dim=76, hidden=512, layers=3)
        u = {"v": torch.empty(9, 40), "attr": torch.empty(9, 40)}
        total, _ = workspace_losses(workspace, {PAIR: u}, Equal(), coefficients)
        total.backward()


def test_a_batch_of_one_row_works(coefficients: dict[str, float]) -> None:
    workspace, u, _ = several(3, rows=1)
    total, _ = workspace_losses(workspace, {tuple(u): u}, Random(0.2), coefficients)
    assert torch.isfinite(total)


def test_any_module_may_be_an_encoder_or_decoder(u: dict[str, Tensor], coefficients: dict[str, float]) -> None:
    workspace = Workspace({"v": 4, "attr": 3}, dim=5, hidden=8, layers=1)
    workspace.encoders["v"] = nn.Sequential(nn.Linear(4, 9), nn.GELU(), nn.LayerNorm(9), nn.Linear(9, 5))
    workspace.decoders["attr"] = nn.Linear(5, 3)
    total, _ = workspace_losses(workspace, {PAIR: u}, Random(0.2), coefficients)
    total.backward()
    assert all(p.grad is not None for p in workspace.parameters())


def test_large_batches_run_in_several_calls_and_give_the_same(given: MakeGiven, coefficients: dict[str, float]) -> None:
    workspace, u, table = several(2, rows=700)
    calls = counted(workspace)
    _, found = workspace_losses(workspace, {tuple(u): u}, given(table), coefficients)
    assert calls["decoder a"] == [700] * 4
    for name, value in by_hand(workspace, {tuple(u): u}, table).items():
        torch.testing.assert_close(found[name], value.detach(), msg=name)
