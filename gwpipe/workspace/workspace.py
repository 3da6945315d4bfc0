"""The workspace module: one encoder and one decoder a domain (Tables VII and VIII), and all that it infers."""

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gwpipe import layout
from gwpipe.artefact import hash_file
from gwpipe.domains import weights as weights_file
from gwpipe.domains.mlp import WithLinearPath, mlp
from gwpipe.errors import UserError, nearest
from gwpipe.settings.representation import WorkspaceSettings
from gwpipe.workspace.activation import activation as activation_called
from gwpipe.workspace.fusion import Weights, fuse
from gwpipe.workspace.groups import complement
from gwpipe.workspace.selection.fixed import Equal
from gwpipe.workspace.selection.rule import Selection

Mixing = Weights | Selection | None
"""Fusion weights as users give them: numbers or tensors by domain, what chooses them, or None for equal ones."""


class Workspace(nn.Module):
    """Encoders e_d: u_d → z_d and decoders d_d: z → u_d around a shared space of `dim` entries.

    Args:
        domains: name → width of the unimodal latent u; any number of domains.
        dim: width of the workspace.
        hidden: units of each hidden layer.
        layers: hidden layers of each encoder and decoder; with none each is a single linear map.
        temperature: of the contrastive loss, whose logits are cosine / temperature.
        learn_temperature: train it with the workspace, as CLIP does, instead of keeping it fixed.
        activation: what makes the state of the weighted sum, a name of `gwpipe.workspace.activation`.
        bias: have the layers of encoders and decoders biases?
        linear_path: add a linear map of the input to each encoder and decoder, which carries over to inputs far from
            those of training; none in the paper.

    Raises:
        UserError: there is no such activation.

    Any module may take the place of an encoder or decoder, if it maps (B, latent) to (B, dim) or back.

    The buffers `centre` and `scale` standardise each entry of u on the way in and undo it on the way out; they are 0
    and 1, which is the paper's form, until `fit_to` sets them. `z_centre` and `z_scale` are mean and standard deviation
    of the fused state z at equal weights, noted by `note_spread` for those who want z standardised.
    """

    bounded: bool
    """Does every entry of the state lie in [−1, 1]?"""
    log_temperature: float | nn.Parameter
    """s = log(1 / temperature), by which the contrastive loss scales cosines; a number where it is fixed."""

    def __init__(
        self,
        domains: Mapping[str, int],
        dim: int,
        hidden: int,
        layers: int,
        temperature: float = 0.07,
        learn_temperature: bool = False,
        activation: str = "tanh",
        bias: bool = True,
        linear_path: bool = False,
    ) -> None:
        super().__init__()
        self.activation, self.bias, self.linear_path = activation, bias, linear_path
        self.activate, self.bounded = activation_called(activation)
        self.domains, self.dim, self.hidden, self.layers = dict(domains), dim, hidden, layers
        self.temperature, self.learn_temperature = temperature, learn_temperature
        between = [hidden] * layers
        network = WithLinearPath if linear_path else mlp
        self.encoders = nn.ModuleDict({name: network(u, *between, dim, bias=bias) for name, u in domains.items()})
        self.decoders = nn.ModuleDict({name: network(dim, *between, u, bias=bias) for name, u in domains.items()})
        for name, latent in domains.items():
            self.register_buffer(f"centre_{name}", torch.zeros(latent))
            self.register_buffer(f"scale_{name}", torch.ones(latent))
        start = math.log(1 / temperature)
        self.log_temperature = nn.Parameter(torch.tensor(start)) if learn_temperature else start
        self.register_buffer("z_centre", torch.zeros(dim))
        self.register_buffer("z_scale", torch.ones(dim))

    def describe(self) -> dict[str, Any]:
        """Keyword arguments that build the same module again."""
        shape = ("domains", "dim", "hidden", "layers", "activation", "bias", "linear_path")
        return {name: getattr(self, name) for name in (*shape, "temperature", "learn_temperature")}

    def fit_to(self, u: Mapping[str, Tensor]) -> None:
        """Standardise each entry of u from now on, by mean and standard deviation of training latents (N, latent).

        Raises:
            UserError: a domain is unknown, or has one row, which has no deviation.
        """
        self._require(u)
        for name, latents in u.items():
            self._note(f"centre_{name}", f"scale_{name}", latents)

    @torch.no_grad()
    def note_spread(self, u: Mapping[str, Tensor]) -> None:
        """Note mean and standard deviation of z over latents (N, latent).

        Raises:
            UserError: there is one row, which has no deviation.
        """
        self._note("z_centre", "z_scale", self.fuse(u))

    def _note(self, centre: str, scale: str, values: Tensor) -> None:
        if len(values) < 2:
            raise UserError(f"{scale} is a standard deviation over rows; give at least two, not {len(values)}")
        self.get_buffer(centre).copy_(values.mean(0))
        self.get_buffer(scale).copy_(values.std(0).clamp(min=1e-3))

    def _require(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.domains:
                raise UserError(f"the workspace has no domain '{name}'{nearest(name, self.domains)}")

    def standardise(self, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Latents (B, latent) as encoders take them and decoders give them.

        Raises:
            UserError: a domain is unknown, or its latents have another width.
        """
        self._require(u)
        for name, value in u.items():
            if value.shape[-1] != self.domains[name]:
                raise UserError(
                    f"latents of '{name}' are {value.shape[-1]} wide; the workspace takes {self.domains[name]}"
                )
        return {
            name: (value - self.get_buffer(f"centre_{name}")) / self.get_buffer(f"scale_{name}")
            for name, value in u.items()
        }

    def encode(self, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pre-fusion representations z_d (B, dim), before any activation, of the domains given."""
        return {name: self.encoders[name](value) for name, value in self.standardise(u).items()}

    def fuse(self, u: Mapping[str, Tensor], weights: Mixing = None) -> Tensor:
        """The workspace's state z (B, dim); domains of weight 0 are not encoded and may be absent.

        weights: domain → α (a number, (B, 1) or (B, dim)), a selection that chooses them, or None for equal weights
        over the domains given.

        Raises:
            UserError: a domain is unknown, a weight is of a domain without latents, or latents and weights do not
                fit each other row by row (`gwpipe.workspace.fusion.fuse`).
        """
        if weights is None or isinstance(weights, Selection):
            standardised = self.standardise(u)
            pre = {name: self.encoders[name](value) for name, value in standardised.items()}
            return fuse(pre, (weights or Equal())(standardised, pre), self.activate)
        self._require(weights)
        used = {name: weight for name, weight in weights.items() if isinstance(weight, Tensor) or weight}
        return fuse(self.encode({name: u[name] for name in used if name in u}), used, self.activate)

    def decode(self, z: Tensor, domains: Collection[str] | None = None) -> dict[str, Tensor]:
        """Unimodal latents u (B, latent) of `domains`, all when absent, from z (B, dim).

        Raises:
            UserError: a domain is unknown.
        """
        targets = self.domains if domains is None else domains
        self._require(targets)
        return {
            name: self.decoders[name](z) * self.get_buffer(f"scale_{name}") + self.get_buffer(f"centre_{name}")
            for name in targets
        }

    def broadcast(self, u: Mapping[str, Tensor], weights: Mixing = None) -> dict[str, Tensor]:
        """What the latents `u`, fused, say about every domain: domain → (B, latent)."""
        return self.decode(self.fuse(u, weights))

    def translate(self, u: Mapping[str, Tensor], target: str, weights: Mixing = None) -> Tensor:
        """The latent of domain `target` (B, latent) that the latents `u` of other domains stand for."""
        return self.decode(self.fuse(u, weights), [target])[target]

    def demi_cycle(self, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each domain through the workspace and back to itself, alone: domain → (B, latent)."""
        return {name: self.translate({name: value}, name) for name, value in u.items()}

    def cycle(
        self,
        u: Mapping[str, Tensor],
        through: Collection[str] | None = None,
        weights: Mixing = None,
        weights_back: Mixing = None,
    ) -> dict[str, Tensor]:
        """The latents `u`, fused, to the domains `through`, these fused again, and back: domain → (B, latent).

        through: all domains that are not in `u`, when absent. weights, weights_back: of the fusion on either way.

        Raises:
            UserError: there is no domain to go through.
        """
        between = complement(self.domains, tuple(u)) if through is None else through
        if not between:
            raise UserError(f"a cycle of {', '.join(u)} needs another domain to go through; give `through`")
        away = self.decode(self.fuse(u, weights), between)
        return self.decode(self.fuse(away, weights_back), u)


def build_workspace(domains: Mapping[str, int], settings: WorkspaceSettings) -> Workspace:
    """The module that the settings describe, over `domains` (name → width of u); by torch's global generator."""
    return Workspace(
        domains,
        settings.dim,
        settings.hidden,
        settings.layers,
        learn_temperature=settings.learn_temperature,
        activation=settings.activation,
        bias=settings.bias,
        linear_path=settings.linear_path,
    )


def save_workspace(path: Path, workspace: Workspace, kind: str, vaes: Mapping[str, str] | None = None) -> None:
    """Write weights and description to `path`, whole or not at all.

    vaes: domain → hash of the weights whose latents it was trained on.
    """
    weights_file.save(path, {"kind": kind, "vaes": dict(vaes or {}), **workspace.describe()}, workspace.state_dict())


def load_workspace(path: Path, vaes: Mapping[str, Path | str] | None = None) -> tuple[Workspace, str]:
    """A trained workspace, frozen and in evaluation mode, and its kind (gw or clip).

    vaes: domain → weights, or the hash of weights, whose latents it is to be used with; nothing is checked of a domain
    that is not named, or of which the workspace does not say what it was trained on.

    Raises:
        UserError: a file is missing, damaged or no workspace, or it was trained on latents of other weights.
    """
    remedy = layout.command("train_workspace", path)
    description, state = weights_file.load(path, remedy)
    with weights_file.described(path, remedy):
        kind, trained_on = description.pop("kind"), dict(description.pop("vaes"))
        workspace = Workspace(**description)
    for name, weights in (vaes or {}).items():
        if name not in trained_on:
            continue
        hashed, others = (weights, "those used here") if isinstance(weights, str) else (hash_file(weights), weights)
        if hashed != trained_on[name]:
            raise UserError(
                f"workspace {path} was trained on latents of other weights of '{name}' than {others}; "
                "make latents and workspace anew with gwpipe cache_latents and gwpipe train_workspace"
            )
    weights_file.fill(workspace, state, path, remedy)
    return workspace, kind
