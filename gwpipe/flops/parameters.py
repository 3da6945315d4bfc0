"""Parameters of every network of Tables II-XIX, counted on the modules that training builds."""

from torch import nn

from gwpipe.agents.dreamer_v3 import trainable
from gwpipe.agents.dreaming import build_networks
from gwpipe.domains.domain import Domain
from gwpipe.flops.dreamer_v3 import meta_model
from gwpipe.flops.shapes import SHAPES, meta_domain, meta_workspace
from gwpipe.settings.environments import EnvironmentName
from gwpipe.settings.table1_stages import PRINTED_DREAMERS, Sizes

ENCODER_PARTS = ("encoder", "mean", "log_variance")
"""Modules of a VAE that make up its encoder; the others are its decoder."""

TABLES: dict[EnvironmentName, dict[str, str]] = {
    "simple_shapes": {"visual": "II", "attribute": "IV", "workspace": "VII", "heads": "XII", "actor-critic": "XIV"},
    "robodesk": {"visual": "III", "attribute": "V", "workspace": "VIII", "heads": "XIII", "actor-critic": "XV"},
}

DREAMERS = {
    "dreamer_2m": "XIX/Dreamer 2M",
    "dreamer_12m": "XIX/Dreamer 12M",
    "dreamer_40m": "XIX/Dreamer 40M",
    "dreamer_100m": "III-B/Dreamer 100M",
}
"""Method → where its size is printed."""


def size(*modules: nn.Module) -> int:
    """Number of parameters, buffers not among them."""
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def count_parameters(env: EnvironmentName, sizes: Sizes) -> dict[str, int]:
    """`TABLE/network` → number of parameters, for every network of `env` in `paper.networks`."""
    tables = TABLES[env]
    domains = {str(name): meta_domain(env, name, vae) for name, vae in sizes.representation.seen.items()}
    visual, attribute = _split(domains["v"]), _split(domains["attr"])
    latents = {name: domain.latent for name, domain in domains.items()}
    workspace = meta_workspace(sizes.representation.workspace, latents)
    networks = build_networks(sizes.dreaming, workspace.dim, True, SHAPES[env].actions, "meta")
    world_model, actor_critic = networks.world_model, networks.actor_critic
    # Simple Shapes' printed GRU includes the Linear before it, RoboDesk's does not.
    gru = (world_model.gru, world_model.inputs) if env == "simple_shapes" else (world_model.gru,)
    vaes, learning = size(*domains.values()), size(world_model, actor_critic)
    counted = {
        f"{tables['visual']}/visual encoder": visual[0],
        f"{tables['visual']}/visual decoder": visual[1],
        "A-A/visual VAE": sum(visual),
        f"{tables['attribute']}/attribute encoder": attribute[0],
        f"{tables['attribute']}/attribute decoder": attribute[1],
        "A-A/attribute VAE": sum(attribute),
        f"{tables['workspace']}/workspace encoder": size(workspace.encoders["v"]),
        f"{tables['workspace']}/workspace decoder": size(workspace.decoders["v"]),
        "XI/GRU": size(*gru),
        f"{tables['heads']}/next-z head": size(world_model.next_z),
        f"{tables['heads']}/reward head": size(world_model.reward),
        f"{tables['heads']}/done head": size(world_model.done),
        f"{tables['actor-critic']}/actor": size(actor_critic.actor),
        f"{tables['actor-critic']}/critic": size(actor_critic.critic),
        "XVI/world model": size(world_model),
        "XVI/actor-critic": size(actor_critic),
        "XVI/VAEs": vaes,
        "XVI/workspace": size(workspace),
        "XVI/total": vaes + size(workspace) + learning,
        "XVI/trainable": learning,
    }
    for method in PRINTED_DREAMERS[env]:
        counted[DREAMERS[method]] = trainable(meta_model(sizes.dreamers[method], SHAPES[env]))
    return counted


def _split(domain: Domain) -> tuple[int, int]:
    encoder = size(*(getattr(domain, part) for part in ENCODER_PARTS))
    return encoder, size(domain) - encoder
