"""Which component of which model spends what: counted on the modules and losses that training runs.

Nothing of the paper's size is ever run: networks live on the meta device, VAEs see two observations, and recurrent
parts are counted on short chunks (`extrapolation`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gwpipe.agents.dreaming import actor_critic_update_loss, build_networks, empty_batch, world_model_update_loss
from gwpipe.agents.returns import no_spread
from gwpipe.domains.domain import VAE
from gwpipe.domains.vae import beta_vae_loss, decoder_loss
from gwpipe.flops.costs import Costs, Counts
from gwpipe.flops.counter import count_flops
from gwpipe.flops.dreamer_v3 import update_flops
from gwpipe.flops.extrapolation import extrapolate
from gwpipe.flops.parameters import count_parameters
from gwpipe.flops.shapes import SHAPES, meta_domain, meta_workspace
from gwpipe.representations import ConcatenatedVAEs, GlobalWorkspace, Representation
from gwpipe.settings.agents import DreamingSettings
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.methods import METHODS
from gwpipe.settings.representation import DomainName, RepresentationSettings, VAESettings, WorkspaceSettings
from gwpipe.settings.table1_stages import Sizes
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Equal

DREAMING = ("gw_dreamer", "vae_dreamer", "clip_dreamer")
"""Models of Table I that dream on a frozen representation."""


def count(env: EnvironmentName, present: Sizes, paper: Sizes) -> Counts:
    """All that Table I needs to know of an environment, at the scale of the run and at the paper's."""
    return Counts(
        env=env,
        present=count_costs(env, present),
        paper=count_costs(env, paper),
        parameters=count_parameters(env, paper),
    )


def count_costs(env: EnvironmentName, sizes: Sizes) -> Costs:
    """Everything whose size the settings decide."""
    representation, dreaming = sizes.representation, sizes.dreaming
    workspace = representation.workspace
    latents = {str(name): settings.latent for name, settings in representation.seen.items()}
    seen = {model: frozen(env, representation, METHODS[model].workspace) for model in DREAMING}
    # gw and clip differ in their training alone, so agents on either cost the same.
    rl = {form: dreaming_flops(env, dreaming, *form) for form in {(r.dim, r.bounded) for r in seen.values()}}
    return Costs(
        vae={name: vae_flops(env, name, settings) for name, settings in representation.seen.items()},
        workspace={
            kind: workspace_flops(workspace, latents, kinds.model_dump()) for kind, kinds in workspace.kinds.items()
        },
        rl={model: rl[r.dim, r.bounded] for model, r in seen.items()}
        | {model: update_flops(settings, SHAPES[env]) for model, settings in sizes.dreamers.items()},
        encode_vaes=encode_flops(env, seen["vae_dreamer"]),
        encode={model: encode_flops(env, r) for model, r in seen.items()},
    )


def frozen(env: EnvironmentName, settings: RepresentationSettings, kind: str | None) -> Representation:
    """What an agent sees observations through, on the meta device."""
    vaes = {str(name): meta_domain(env, name, vae) for name, vae in settings.seen.items()}
    if kind is None:
        return ConcatenatedVAEs(vaes)
    return GlobalWorkspace(vaes, meta_workspace(settings.workspace, {name: vae.latent for name, vae in vaes.items()}))


def vae_flops(env: EnvironmentName, name: DomainName, settings: VAESettings) -> int:
    """One update of a domain on a whole batch; nothing where nothing is trained.

    Counted on the CPU, because the loss asks for autocast and the meta device has none: two observations, whose cost
    grows in proportion. Neither the weights' values nor the precision change a count.
    """
    domain = meta_domain(env, name, settings).to_empty(device="cpu")
    if not (domain.can_decode and any(p.requires_grad for p in domain.parameters())):
        return 0
    for tensor in (*domain.parameters(), *domain.buffers()):
        torch.nn.init.ones_(tensor)
    x = domain.inputs(domain.tensor(domain.prepare(_nothing(env, 2)[domain.observation])))
    u = torch.zeros(2, settings.latent)

    def update() -> None:
        loss, _ = beta_vae_loss(domain, x, u, settings.beta) if isinstance(domain, VAE) else decoder_loss(domain, x, u)
        loss.backward()

    for_two = count_flops(update)
    return for_two * settings.optimisation.batch_size // 2


def encode_flops(env: EnvironmentName, representation: Representation) -> int:
    """One observation through everything that is frozen, VAEs to z."""
    with torch.no_grad():
        return count_flops(lambda: representation.fuse(representation.encode(_nothing(env, 1))))


def _nothing(env: EnvironmentName, rows: int) -> dict[str, npt.NDArray[Any]]:
    """Observations of an environment that show nothing, batch first."""
    return {
        name: np.zeros((rows, *shape), dtype=np.uint8 if dtype is torch.uint8 else np.float32)
        for name, (shape, dtype) in SHAPES[env].observations.items()
    }


def workspace_flops(settings: WorkspaceSettings, latents: dict[str, int], coefficients: dict[str, float]) -> int:
    """One update of the workspace with these loss coefficients, on a batch of paired latents."""
    workspace, batch = meta_workspace(settings, latents), settings.optimisation.batch_size
    how = (Equal(), coefficients, settings.contrastive)
    with torch.device("meta"):
        u = {name: torch.zeros(batch, latent) for name, latent in latents.items()}
        return count_flops(lambda: workspace_losses(workspace, {tuple(u): u}, *how)[0].backward())


def dreaming_flops(env: EnvironmentName, settings: DreamingSettings, z_dim: int, bounded: bool) -> int:
    """One update of world model, actor and critic: Algorithm 1, lines 8 to 14."""

    def counted(length: int, horizon: int) -> int:
        short = settings.model_copy(update={"batch_length": length, "imagination_length": horizon})
        return dreaming_update_flops(env, short, z_dim, bounded)

    return extrapolate(counted, settings.batch_length, settings.imagination_length)


def dreaming_update_flops(env: EnvironmentName, settings: DreamingSettings, z_dim: int, bounded: bool) -> int:
    """The same, every row and imagined step counted."""
    networks = build_networks(settings, z_dim, bounded, SHAPES[env].actions, "meta")
    batch = empty_batch(settings, z_dim, networks.policy.size)

    def update() -> None:
        model = world_model_update_loss(networks, batch, settings)
        model.loss.backward()
        actor_critic_update_loss(networks, batch, model.h, no_spread("meta"), settings).loss.backward()

    return count_flops(update)
