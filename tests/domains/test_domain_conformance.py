"""Every registered domain keeps to the contract, and whoever breaks it is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gwpipe.domains.attributes import ShapeAttributesVAE
from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.conformance import check_domain
from gwpipe.domains.image_encoders import ENCODERS
from gwpipe.settings import domains
from gwpipe.settings.domains import DOMAINS
from gwpipe.settings.representation import VAESettings

RATES = {"start_lr": 1e-3, "max_lr": 1e-3, "end_lr": 1e-3, "weight_decay": 0}
# Of three hidden units all may be silent at first, as that one's are.
ALL = [
    (env, name, {"width": 0.2} if name == "attr_unpaired" else {}) for env, table in DOMAINS.items() for name in table
]
VARIANTS: list[tuple[str, str, dict[str, Any]]] = [
    ("simple_shapes", "v", {"options": {"view": "luma"}}),
    ("simple_shapes", "attr", {"options": {"without": ["rotation"]}}),
    ("simple_shapes", "attr", {"options": {"without": ["colour"], "unpaired": 2, "seed": 3}}),
    ("simple_shapes", "attr", {"kind": "plain_attributes", "latent": 11}),
    ("robodesk", "attr", {"kind": "plain_attributes", "latent": 76}),
    ("simple_shapes", "t", {"options": {"seed": 3}}),
    *(
        (
            "simple_shapes",
            "v",
            {
                "kind": "pretrained_image",
                "options": {"side": 32, "architecture": "stand-in", "weights": "random", "decoder": decoder},
            },
        )
        for decoder in (True, False)
    ),
]


def settings(**changes: Any) -> VAESettings:
    small = {"width": 0.05, "latent": 4, "beta": 0.1, "optimisation": {"steps": 1, "batch_size": 2, **RATES}}
    return VAESettings.model_validate(small | changes)


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    make = lambda: nn.Sequential(nn.Conv2d(3, 6, 5, 4), nn.BatchNorm2d(6), nn.AdaptiveAvgPool2d(2), nn.Flatten())  # noqa: E731
    monkeypatch.setitem(ENCODERS, "stand-in", make)


@pytest.mark.parametrize(("env", "name", "changes"), ALL + VARIANTS)
def test_a_domain_keeps_to_the_contract(env: str, name: str, changes: dict[str, Any], shown: dict) -> None:
    domain = make_domain(env, name, settings(**changes))
    check_domain(domain, shown[env][domain.observation])


@pytest.mark.parametrize(("env", "name", "changes"), ALL + VARIANTS)
def test_a_domain_runs_on_the_meta_device(env: str, name: str, changes: dict[str, Any], shown: dict) -> None:
    """What counting its operations needs."""
    with torch.device("meta"):
        domain = make_domain(env, name, settings(**changes)).eval()
    assert domain.encode(shown[env][domain.observation]).shape == (5, domain.latent)
    if domain.can_decode:
        assert len(domain.decode(torch.empty(3, 4, device="meta"))) == 3


class Broken(ShapeAttributesVAE):
    """A domain that breaks what `fault` names."""

    fault = ""

    def describe(self) -> dict[str, Any]:
        description = super().describe() | {"kind": "broken"}
        if self.fault == "describe leaves something out":
            del description["width"]
        return description

    def prepare(self, observations: np.ndarray) -> np.ndarray:
        if self.fault == "depends on the rows around":
            return observations - observations.mean(0)
        if self.fault == "changed in place":
            observations[:, 5] = 0
        return super().prepare(observations)

    def represent(self, x: Tensor) -> Tensor:
        u = super().represent(x)
        match self.fault:
            case "draws random numbers":
                return u + 0 * torch.rand(())
            case "not \\(B, 4\\)":
                return u[:, :3]
            case "not float32":
                return u.double()
            case "depends on the batch":
                return u - u.mean(0)
            case "the same u":
                return 0 * u
        return u

    def decode(self, u: Tensor) -> Tensor:
        return super().decode(u.detach() if self.fault == "no gradient" else u)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        loss = super().reconstruction_loss(decoded, x)
        return loss * len(x) if self.fault == "mean over the batch" else loss

    def observations(self, decoded: Tensor) -> np.ndarray:
        shown = super().observations(decoded)
        return shown.astype(np.float64) if self.fault == "gives float64" else shown


FAULTS = [
    "describe leaves something out",
    "depends on the rows around",
    "changed in place",
    "draws random numbers",
    r"not \(B, 4\)",
    "not float32",
    "depends on the batch",
    "the same u",
    "no gradient",
    "mean over the batch",
    "gives float64",
]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(domains.KINDS, "broken", f"{__name__}:Broken")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("broken")
def test_a_breach_is_found(fault: str, shown: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broken, "fault", fault)
    torch.manual_seed(0)
    message = "other weights|describes itself" if fault.startswith("describe") else fault
    with pytest.raises(AssertionError, match=message):
        check_domain(Broken(4, 0.5), shown["simple_shapes"]["attributes"].copy())


@pytest.mark.usefixtures("broken")
def test_a_domain_without_a_fault_passes_and_stays_as_it_was(shown: dict) -> None:
    torch.manual_seed(0)
    domain = Broken(4, 0.5)
    before = {name: value.clone() for name, value in domain.state_dict().items()}
    check_domain(domain, shown["simple_shapes"]["attributes"])
    assert domain.training
    assert all(torch.equal(value, before[name]) for name, value in domain.state_dict().items())
    assert all(p.grad is None for p in domain.parameters())


def test_weights_of_a_domain_name_no_class(tmp_path: Path) -> None:
    from gwpipe.domains.catalogue import save_domain

    save_domain(tmp_path / "w", make_domain("simple_shapes", "t", settings()))
    assert b"gwpipe" not in (tmp_path / "w").read_bytes()[:2000]
