"""Latents that fail: noise on one side, noise on either side, or a domain that says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gwpipe.errors import UserError
from gwpipe.settings.representation import CorruptionSettings
from gwpipe.workspace.groups import Latents

CLEAN = -1
"""In place of a domain's number: nothing is corrupted in this row."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of each entry of clean latents, domain → (latent,)."""

    centre: Latents
    scale: Latents

    @classmethod
    def of(cls, u: Latents) -> "Spread":
        """Of the rows of `u`, domain → (N, latent), at least two."""
        return cls({x: value.mean(0) for x, value in u.items()}, {x: value.std(0) for x, value in u.items()})


@dataclass(frozen=True)
class Damage:
    """What happens to each row of a batch; all (B,), on the CPU."""

    side: Tensor
    """Number of the corrupted domain, in the order of the latents, or CLEAN."""
    missing: Tensor
    """Is the domain missing, not noisy?"""
    strength: Tensor
    """Standard deviation of the noise, in those of each entry."""


def draw_damage(domains: Sequence[str], rows: int, settings: CorruptionSettings, generator: torch.Generator) -> Damage:
    """Damage of `rows` rows: of each a kind, a strength, and whether it is left clean, drawn independently.

    Raises:
        UserError: noise is to be one-sided, but the settings name no domain for it, or one that is not there.
    """
    if "one_sided" in settings.kinds and settings.side not in domains:
        raise UserError(f"one_sided corruption needs `side`, one of {', '.join(domains)}, not {settings.side!r}")
    kind = torch.randint(len(settings.kinds), (rows,), generator=generator)
    strength = torch.tensor(settings.strengths)[torch.randint(len(settings.strengths), (rows,), generator=generator)]
    side = torch.randint(len(domains), (rows,), generator=generator)
    clean = torch.rand(rows, generator=generator) < settings.clean
    of_kind = {name: kind == number for number, name in enumerate(settings.kinds)}
    if "one_sided" in of_kind and settings.side is not None:
        side = torch.where(of_kind["one_sided"], list(domains).index(settings.side), side)
    missing = of_kind.get("missing", torch.zeros(rows, dtype=torch.bool))
    return Damage(torch.where(clean, CLEAN, side), missing, strength)


def corrupt(u: Latents, damage: Damage, spread: Spread, generator: torch.Generator) -> dict[str, Tensor]:
    """Corrupted copies of latents (B, latent); `u` itself stays as it is.

    Noise is standard normal · strength · the entry's spread; a missing domain shows its centre. Numbers are drawn on
    the generator's device and moved to that of the latents.
    """
    corrupted = {}
    for number, (name, value) in enumerate(u.items()):
        noise = torch.randn(value.shape, generator=generator, device=generator.device)
        hit, missing, strength = (
            column.to(value.device).unsqueeze(1) for column in (damage.side == number, damage.missing, damage.strength)
        )
        noisy = value + strength * spread.scale[name] * noise.to(value.device)
        corrupted[name] = torch.where(hit, torch.where(missing, spread.centre[name], noisy), value)
    return corrupted
