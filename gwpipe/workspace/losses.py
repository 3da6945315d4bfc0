"""The losses of equations 1-3. Pure functions of predictions and targets.

A prediction that stands for a latent u is compared with it by the mean squared error over batch and entries. Where the
paper writes "for all (x, y)", the mean over the domains or ordered pairs is taken, so that a coefficient means the same
for any number of domains. No gradient is stopped.
"""

import math
from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

LOG_TEMPERATURE = math.log(1 / 0.07)
"""s in exp(s) · cosine; fixed, as in the published code's default."""
LARGEST_LOGIT_SCALE = 100.0

Pair = tuple[str, str]


def contrastive(pre: Mapping[str, Tensor], log_temperature: float | Tensor = LOG_TEMPERATURE) -> Tensor:
    """L_cont: CLIP's loss between the pre-fusion, pre-tanh representations z_d (B, dim) of every pair of domains.

    Rows are normalised; logits = min(exp(s), 100) · x yᵀ; cross entropy both ways, averaged; mean over the pairs. One
    domain alone has no pair: zero.
    """
    scale = torch.as_tensor(log_temperature).exp().clamp(max=LARGEST_LOGIT_SCALE)
    unit = {name: functional.normalize(z, dim=-1) for name, z in pre.items()}
    losses = []
    for x, y in combinations(unit, 2):
        logits = scale.to(unit[x].device) * unit[x] @ unit[y].T
        same = torch.arange(len(logits), device=logits.device)
        losses.append((functional.cross_entropy(logits, same) + functional.cross_entropy(logits.T, same)) / 2)
    return torch.stack(losses).mean() if losses else next(iter(pre.values())).new_zeros(())


def _mean_squared_errors(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    return torch.stack([functional.mse_loss(prediction, target) for prediction, target in pairs]).mean()


def demi_cycle(decoded: Mapping[str, Tensor], u: Mapping[str, Tensor]) -> Tensor:
    """L_dcy: x → workspace → x. decoded, u: domain → (B, latent)."""
    return _mean_squared_errors([(decoded[x], u[x]) for x in decoded])


def cycle(decoded: Mapping[Pair, Tensor], u: Mapping[str, Tensor]) -> Tensor:
    """L_cy: x → workspace → y → workspace → x. decoded: (x, y) → the return to x (B, latent of x)."""
    return _mean_squared_errors([(prediction, u[x]) for (x, _), prediction in decoded.items()])


def translation(decoded: Mapping[Pair, Tensor], u: Mapping[str, Tensor]) -> Tensor:
    """L_tr: x → workspace → y. decoded: (x, y) → the arrival at y (B, latent of y)."""
    return _mean_squared_errors([(prediction, u[y]) for (_, y), prediction in decoded.items()])


def fusion(decoded: Mapping[str, Tensor], u: Mapping[str, Tensor]) -> Tensor:
    """L_fusion: all domains, mixed with random weights → workspace → x. decoded, u: domain → (B, latent)."""
    return _mean_squared_errors([(decoded[x], u[x]) for x in decoded])


def total(losses: Mapping[str, Tensor], coefficients: Mapping[str, float]) -> Tensor:
    """L_GW = Σ coefficient · loss (equations 2 and 3): the sum, whatever the number of losses and their type.

    Raises:
        ValueError: a coefficient other than 0 has no loss.
    """
    terms = [coefficient * losses[name] for name, coefficient in coefficients.items() if coefficient and name in losses]
    missing = [name for name, coefficient in coefficients.items() if coefficient and name not in losses]
    if missing or not terms:
        raise ValueError(f"no loss for the coefficients {missing or dict(coefficients)}")
    return torch.stack(terms).sum()
