"""Networks that gradients pass through on their way and leave as they are."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def frozen(*modules: nn.Module, differentiable: bool) -> Iterator[None]:
    """What `modules` compute while this is open teaches them nothing.

    differentiable: gradients pass through them to their inputs; otherwise nothing computed here has a gradient.
    """
    with torch.set_grad_enabled(differentiable):
        if not differentiable:
            # Parameters need not be touched, and may not be where `compiled` translates the loss.
            yield
            return
        learning = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
        for weight in learning:
            weight.requires_grad_(False)
        try:
            yield
        finally:
            for weight in learning:
                weight.requires_grad_(True)
