"""The two optimisers that DreamerV3 is trained with here: Table XX's and its authors' own."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from gwpipe.agents.dreamer_v3 import DreamerV3
from gwpipe.settings.dreamer_v3 import DreamerV3Settings


class ClippedAdam(torch.optim.Adam):
    """Adam that first clips the gradient of each of its groups to a norm."""

    def __init__(self, groups: Iterable[dict[str, Any]], max_norm: float) -> None:
        super().__init__(groups, fused=True)
        self.max_norm = max_norm

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step on the present gradients."""
        for group in self.param_groups:
            nn.utils.clip_grad_norm_(group["params"], self.max_norm)
        super().step()


class LaProp(torch.optim.Optimizer):
    """LaProp (Ziyin et al.) behind adaptive gradient clipping (Brock et al.), with a linear warm-up.

    Each tensor's gradient is first shortened to `CLIP` times the norm of the tensor itself, then divided by the root
    of its running mean square, and only then averaged: Adam does the last two at once.
    """

    CLIP, SMALLEST_NORM = 0.3, 1e-3
    MOMENTUM, SQUARES, EPSILON = 0.9, 0.999, 1e-20

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, warm_up: int) -> None:
        super().__init__(parameters, {"lr": lr, "warm_up": warm_up, "steps": 0})
        for parameter in self.param_groups[0]["params"]:
            self.state[parameter] = {name: torch.zeros_like(parameter) for name in ("squares", "momentum")}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step on the present gradients, which are overwritten."""
        (group,) = self.param_groups
        parameters = [p for p in group["params"] if p.grad is not None]
        updates: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
        squares, momentum = ([self.state[p][name] for p in parameters] for name in ("squares", "momentum"))
        norms, limits = torch._foreach_norm(updates), torch._foreach_norm(parameters)
        for norm, limit in zip(norms, limits):
            limit.clamp_(min=self.SMALLEST_NORM).mul_(self.CLIP).div_(norm).clamp_(max=1.0).nan_to_num_(1.0)
        torch._foreach_mul_(updates, limits)
        group["steps"] += 1
        rate = group["lr"] * min(1.0, (group["steps"] - 1) / group["warm_up"] if group["warm_up"] else 1.0)
        torch._foreach_mul_(squares, self.SQUARES)
        torch._foreach_addcmul_(squares, updates, updates, 1 - self.SQUARES)
        roots = torch._foreach_div(squares, 1 - self.SQUARES ** group["steps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.EPSILON)
        torch._foreach_div_(updates, roots)
        torch._foreach_lerp_(momentum, updates, 1 - self.MOMENTUM)
        torch._foreach_add_(parameters, momentum, alpha=-rate / (1 - self.MOMENTUM ** group["steps"]))


def make_optimiser(model: DreamerV3, settings: DreamerV3Settings) -> ClippedAdam | LaProp:
    """The optimiser that `settings` names, of all that learns in `model`."""
    if settings.optimiser == "upstream":
        return LaProp([*model.world, *model.behaviour], settings.upstream_lr, settings.upstream_warm_up)
    groups = [
        {"params": model.world, "lr": settings.world_model_lr},
        {"params": model.behaviour, "lr": settings.actor_critic_lr},
    ]
    return ClippedAdam(groups, settings.max_gradient_norm)
