"""Frozen encoders: what is fixed stays fixed, the projection, the decoder on top, and what is refused."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gwpipe.domains import sentence_encoder
from gwpipe.domains.catalogue import load_domain, make_domain, save_domain
from gwpipe.domains.conformance import check_domain
from gwpipe.domains.domain import Domain
from gwpipe.domains.fit import Run
from gwpipe.domains.image_encoders import ENCODERS, build_encoder
from gwpipe.domains.projection import Projection
from gwpipe.domains.sentence_encoder import TextModel, load_text_model
from gwpipe.domains.training import train_vae
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import denormalise
from gwpipe.errors import UserError
from gwpipe.settings.representation import VAESettings

RATES = {"start_lr": 1e-3, "max_lr": 5e-3, "end_lr": 1e-4, "weight_decay": 0}


def stand_in() -> nn.Module:
    """A picture encoder of the same interface as torchvision's without its classifier."""
    convolutions = (nn.Conv2d(3, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 5, 2), nn.ReLU())
    return nn.Sequential(*convolutions, nn.AdaptiveAvgPool2d(3), nn.Flatten())


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, "stand-in", stand_in)
    torch.set_num_threads(1)


def image_domain(steps: int = 1, **options: Any) -> tuple[Domain, VAESettings]:
    chosen = {"side": 32, "size": 48, "architecture": "stand-in", "weights": "random"} | options
    settings = VAESettings.model_validate(
        {"kind": "pretrained_image", "options": chosen, "width": 0.1, "latent": 6, "beta": 0.0}
        | {"optimisation": {"steps": steps, "batch_size": 32, **RATES}}
    )
    return make_domain("simple_shapes", "v", settings), settings


# The projection


def test_principal_components_are_of_unit_variance_and_uncorrelated() -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(500, 3, generator=generator) * torch.tensor([5.0, 2.0, 1.0])
    features = hidden @ torch.randn(3, 8, generator=generator) + 7
    projection = Projection(8, 3)
    projection.fit(features)
    u = projection(features)
    torch.testing.assert_close(u.T @ u / 499, torch.eye(3), atol=1e-4, rtol=0)
    turned = Projection(8, 3)
    turned.fit(features.flip(0))
    torch.testing.assert_close(turned.directions, projection.directions)


def test_a_component_that_is_noise_is_not_blown_up() -> None:
    features = torch.zeros(10, 4)
    features[:, 0] = torch.arange(10.0)
    projection = Projection(4, 4)
    projection.fit(features)
    u = projection(features + torch.tensor([0.0, 1e-4, 0, 0]))
    assert u[:, 1:].abs().max() < 0.1


def test_a_latent_wider_than_the_features_is_refused() -> None:
    with pytest.raises(UserError, match="4 features cannot give a latent of 5"):
        Projection(4, 5)


# Image encoders


def test_only_the_decoder_is_trained(attributes: np.ndarray) -> None:
    pictures = draw(denormalise(attributes))
    domain, settings = image_domain(steps=60)
    before = {name: value.clone() for name, value in domain.state_dict().items()}
    measured = train_vae(domain, pictures[:300], pictures[300:], settings, Run(0, "test"))
    changed = {
        name.split(".")[0] for name, value in domain.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"projection", "decoder"}
    constant = 0.5 * (pictures / 255).var(0).sum()
    assert measured["held_out_reconstruction"] < 0.9 * constant
    assert set(measured) == {f"{part}_{name}" for part in ("train", "held_out") for name in ("loss", "reconstruction")}


def test_without_a_decoder_training_is_the_projection_alone(attributes: np.ndarray) -> None:
    pictures = draw(denormalise(attributes[:64]))
    domain, settings = image_domain(decoder=False)
    assert train_vae(domain, pictures, pictures, settings, Run(0, "test")) == {}
    u = domain.encode(pictures)
    torch.testing.assert_close(u.std(0), torch.ones(6), atol=1e-3, rtol=0)
    with pytest.raises(UserError, match="'pretrained_image' only encodes"):
        domain.decode(u)


def test_weights_come_from_a_file_and_are_kept_with_the_domain(tmp_path: Path, attributes: np.ndarray) -> None:
    torch.manual_seed(5)
    save_file(stand_in().state_dict(), tmp_path / "encoder.safetensors")
    domain, _ = image_domain(weights=str(tmp_path / "encoder.safetensors"))
    torch.manual_seed(5)
    torch.testing.assert_close(domain.get_parameter("encoder.0.weight"), stand_in().get_parameter("0.weight"))
    pictures = draw(denormalise(attributes[:16]))
    domain.fit_to(pictures)
    save_domain(tmp_path / "domain", domain.eval().requires_grad_(False))
    (tmp_path / "encoder.safetensors").unlink()
    torch.testing.assert_close(load_domain(tmp_path / "domain").encode(pictures), domain.encode(pictures))


@pytest.mark.parametrize(
    ("architecture", "weights", "message"),
    [
        ("stand-on", None, "did you mean 'stand-in'"),
        ("stand-in", "nowhere.safetensors", "cannot be read"),
        ("stand-in", "other.safetensors", "are not those of"),
        ("torchvision/resnet18", None, "pip install torchvision"),
        ("timm/resnet18", None, "pip install timm"),
    ],
)
def test_an_encoder_that_cannot_be_had_is_one_line(
    architecture: str, weights: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("torchvision", "timm"):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.setitem(sys.modules, f"{package}.models", None)
    monkeypatch.chdir(tmp_path)
    save_file({"weight": torch.zeros(1)}, "other.safetensors")
    with pytest.raises(UserError, match=message) as raised:
        build_encoder(architecture, weights)
    assert "\n" not in str(raised.value)


def test_weights_have_to_be_named() -> None:
    domain, _ = image_domain(weights=None)
    with pytest.raises(UserError, match=r"needs options\.weights"):
        domain.fit_to(np.zeros((4, 32, 32, 3), np.uint8))


def test_an_installed_package_s_network_loses_its_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features, self.fc = stand_in(), nn.Linear(144, 1000)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.features(x))

    models = SimpleNamespace(get_model=lambda name, weights: {"resnet18": Network}[name]())
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(models=models))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    network = build_encoder("torchvision/resnet18")
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 144)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    with pytest.raises(UserError, match="'torchvision/resnet19' cannot be built"):
        build_encoder("torchvision/resnet19")


# Text encoders


class TinyText(nn.Module):
    """A text encoder of the interface that `transformers` models have."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(1000, 24)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=self.words(input_ids).cumsum(1))


def tiny_text(model: str) -> TextModel:
    """Letters as tokens; the same weights each time, as a folder would give."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = TinyText().eval().requires_grad_(False)

    def tokenise(lines: list[str]) -> dict[str, Tensor]:
        longest = max(map(len, lines))
        ids = torch.tensor([[ord(letter) for letter in line.ljust(longest, "\0")] for line in lines])
        return {"input_ids": ids, "attention_mask": (ids > 0).long()}

    return TextModel(network, tokenise, 24)


def text_domain(steps: int = 1, **options: Any) -> tuple[Domain, VAESettings]:
    settings = VAESettings.model_validate(
        {"kind": "sentence_encoder", "options": {"model": "tiny"} | options, "width": 0.5, "latent": 6, "beta": 0.0}
        | {"optimisation": {"steps": steps, "batch_size": 16, **RATES, "max_lr": 1e-2}}
    )
    return make_domain("simple_shapes", "t", settings), settings


@pytest.mark.parametrize("decoder", [True, False])
def test_a_text_encoder_keeps_to_the_contract(
    decoder: bool, attributes: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_encoder, "load_text_model", tiny_text)
    domain, _ = text_domain(decoder=decoder)
    check_domain(domain, attributes[:8])


def test_a_decoder_learns_on_a_text_encoder_s_latents(attributes: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_encoder, "load_text_model", tiny_text)
    domain, settings = text_domain(steps=60)
    before = {name: value.clone() for name, value in domain.state_dict().items()}
    x = domain.inputs(domain.tensor(domain.prepare(attributes[:64])))
    at_first = domain.reconstruction_loss(domain.decode(torch.zeros(64, 6)), x).item()
    measured = train_vae(domain, attributes[:64], attributes[64:80], settings, Run(0, "test"))
    assert measured["train_reconstruction"] < 0.6 * at_first
    assert torch.equal(domain.state_dict()["encoder.words.weight"], before["encoder.words.weight"])


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"pip install 'gwpipe\[text\]'"):
        load_text_model("anything")


def test_a_missing_model_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def refuse(model: str, **options: Any) -> None:
        asked.update(options)
        raise OSError(f"{model} is not a local folder\nand not on the hub either")

    maker = SimpleNamespace(from_pretrained=refuse)
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(AutoTokenizer=maker, AutoModel=maker))
    with pytest.raises(UserError, match="'no/model' cannot be loaded from a folder or the hub: no/model is") as raised:
        load_text_model("no/model")
    assert "\n" not in str(raised.value)
    assert asked["trust_remote_code"] is False


def test_a_folder_of_transformers_is_loaded(tmp_path: Path, attributes: np.ndarray) -> None:
    """A tiny BERT with random weights, saved and read as a real one would be."""
    transformers = pytest.importorskip("transformers")
    words = sorted({*"abcdefghijklmnopqrstuvwxyz,-"} | {f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"})
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    transformers.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    torch.manual_seed(0)
    size = {"vocab_size": 5 + len(words), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(**size, intermediate_size=16)
    transformers.BertModel(config).save_pretrained(tmp_path, safe_serialization=True)
    domain, _ = text_domain(model=str(tmp_path))
    check_domain(domain, attributes[:8])
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(UserError, match="cannot be loaded"):
        load_text_model(str(tmp_path))
