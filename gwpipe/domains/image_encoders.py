"""Named image encoders without their classifiers: ours by registration, torchvision's and timm's where installed."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from gwpipe.errors import UserError, nearest

ENCODERS: dict[str, Callable[[], nn.Module]] = {}
"""Name → what builds a module from pictures (B, 3, H, W) to features (B, F). Others add theirs."""

HEADS = ("fc", "classifier", "heads", "head")
"""What torchvision calls the classifier at a network's end."""

RANDOM = "random"
"""In place of a file: keep the weights that the architecture is initialised with."""


def build_encoder(architecture: str, weights: str | None = None) -> nn.Module:
    """A frozen encoder in evaluation mode.

    architecture: a name of `ENCODERS`, or torchvision/NAME or timm/NAME. weights: a safetensors file of the whole
    network, classifier included, as these packages name its tensors; without one the weights are random.

    Raises:
        UserError: the package is not installed, has no such network, or the file does not fit it.
    """
    library, _, name = architecture.rpartition("/")
    network: Any
    if architecture in ENCODERS:
        network = ENCODERS[architecture]()
    elif library == "torchvision":
        network = _made(architecture, lambda: _package("torchvision", "models").get_model(name, weights=None))
    elif library == "timm":
        network = _made(architecture, lambda: _package("timm").create_model(name, pretrained=False))
    else:
        raise UserError(
            f"image encoder '{architecture}' is unknown{nearest(architecture, ENCODERS)}; "
            "otherwise name torchvision/… or timm/…"
        )
    if weights not in (None, RANDOM):
        _fill(network, Path(str(weights)), architecture)
    if library == "timm":
        network.reset_classifier(0)
    elif library == "torchvision":
        for head in HEADS:
            if hasattr(network, head):
                setattr(network, head, nn.Identity())
    frozen: nn.Module = network.eval().requires_grad_(False)
    return frozen


def _package(library: str, module: str = "") -> Any:
    try:
        return importlib.import_module(f"{library}.{module}".rstrip("."))
    except ImportError:
        raise UserError(f"image encoders of {library} need the package: pip install {library}") from None


def _made(architecture: str, make: Callable[[], nn.Module]) -> nn.Module:
    try:
        return make()
    except (ValueError, RuntimeError, KeyError) as fault:
        raise UserError(f"image encoder '{architecture}' cannot be built: {' '.join(str(fault).split())}") from fault


def _fill(network: nn.Module, path: Path, architecture: str) -> None:
    if next(network.parameters()).device.type == "meta":
        return
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, OSError) as fault:
        raise UserError(f"weights {path} of image encoder '{architecture}' cannot be read: {fault}") from fault
    except RuntimeError:
        raise UserError(f"weights {path} are not those of image encoder '{architecture}'") from None


def features_of(network: nn.Module, size: int) -> int:
    """How many features a network gives of pictures of `size` px.

    Raises:
        UserError: it gives something else than one vector a picture.
    """
    held = next(network.parameters(), None)
    device = torch.device("cpu") if held is None else held.device
    with torch.no_grad():
        shape = network(torch.zeros(2, 3, size, size, device=device)).shape
    if len(shape) != 2:
        raise UserError(f"an image encoder must give features (B, F), not {tuple(shape)}")
    return int(shape[1])
