"""The workspace module: one encoder and one decoder a domain (Tables VII and VIII)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gwpipe.domains import weights as weights_file
from gwpipe.domains.mlp import mlp
from gwpipe.workspace.fusion import equal_weights, fuse


class Workspace(nn.Module):
    """Encoders e_d: u_d → z_d and decoders d_d: z → u_d around a shared space of `dim` entries.

    Args:
        domains: name → width of the unimodal latent u; any number of domains.
        dim: width of the workspace.
        hidden: units of each hidden layer.
        layers: hidden layers of each encoder and decoder.

    The buffers `centre` and `scale` standardise each entry of u on the way in and undo it on the way out; they are 0
    and 1, which is the paper's form, until `fit_to` sets them. `z_centre` and `z_scale` are mean and standard deviation
    of the fused state z at equal weights, noted by `note_spread` for those who want z standardised.
    """

    def __init__(self, domains: Mapping[str, int], dim: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.domains, self.dim, self.hidden, self.layers = dict(domains), dim, hidden, layers
        between = [hidden] * layers
        self.encoders = nn.ModuleDict({name: mlp(latent, *between, dim) for name, latent in domains.items()})
        self.decoders = nn.ModuleDict({name: mlp(dim, *between, latent) for name, latent in domains.items()})
        for name, latent in domains.items():
            self.register_buffer(f"centre_{name}", torch.zeros(latent))
            self.register_buffer(f"scale_{name}", torch.ones(latent))
        self.register_buffer("z_centre", torch.zeros(dim))
        self.register_buffer("z_scale", torch.ones(dim))

    def describe(self) -> dict[str, Any]:
        """Keyword arguments that build the same module again."""
        return {"domains": self.domains, "dim": self.dim, "hidden": self.hidden, "layers": self.layers}

    def fit_to(self, u: Mapping[str, Tensor]) -> None:
        """Standardise each entry of u from now on, by mean and standard deviation of training latents (N, latent)."""
        for name, latents in u.items():
            self.get_buffer(f"centre_{name}").copy_(latents.mean(0))
            self.get_buffer(f"scale_{name}").copy_(latents.std(0).clamp(min=1e-3))

    @torch.no_grad()
    def note_spread(self, u: Mapping[str, Tensor]) -> None:
        """Note mean and standard deviation of z over latents (N, latent)."""
        z = self.fuse(u)
        self.get_buffer("z_centre").copy_(z.mean(0))
        self.get_buffer("z_scale").copy_(z.std(0).clamp(min=1e-3))

    def standardise(self, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Latents (B, latent) as encoders take them and decoders give them."""
        return {
            name: (value - self.get_buffer(f"centre_{name}")) / self.get_buffer(f"scale_{name}")
            for name, value in u.items()
        }

    def encode(self, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pre-fusion representations z_d (B, dim), before any tanh, of the domains given."""
        return {name: self.encoders[name](value) for name, value in self.standardise(u).items()}

    def fuse(self, u: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
        """The workspace's state z (B, dim) in [−1, 1]; domains of weight 0 are not encoded.

        weights: domain → α; equal ones over the domains given when absent.
        """
        if weights is None:
            weights = equal_weights({name: self.domains[name] for name in u})
        used = {name: weight for name, weight in weights.items() if weight}
        return fuse(self.encode({name: u[name] for name in used}), used)

    def decode(self, z: Tensor) -> dict[str, Tensor]:
        """Unimodal latents u (B, latent) of every domain from z (B, dim): the broadcast."""
        return {
            name: decoder(z) * self.get_buffer(f"scale_{name}") + self.get_buffer(f"centre_{name}")
            for name, decoder in self.decoders.items()
        }

    def translate(self, u: Mapping[str, Tensor], target: str) -> Tensor:
        """The latent of domain `target` (B, latent) that the other domains' latents `u` stand for."""
        return self.decode(self.fuse(u))[target]


def save_workspace(path: Path, workspace: Workspace, kind: str) -> None:
    """Write weights and description to `path`, whole or not at all."""
    weights_file.save(path, {"kind": kind, **workspace.describe()}, workspace.state_dict())


def load_workspace(path: Path) -> tuple[Workspace, str]:
    """A trained workspace, frozen and in evaluation mode, and its kind (gw or clip).

    Raises:
        UserError: the file is missing, damaged or no workspace.
    """
    description, state = weights_file.load(path, "gwpipe train_workspace")
    kind = description.pop("kind")
    workspace = Workspace(**description)
    weights_file.fill(workspace, state, path, "gwpipe train_workspace")
    return workspace, kind
