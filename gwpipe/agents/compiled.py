"""An update's losses translated once, forward and backward, into graphs of static shapes (`torch.compile`)."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch

Loss = TypeVar("Loss", bound=Callable[..., Any])


def compiled(
    loss: Loss, device: str | torch.device, backend: str | Callable[..., Any] = "inductor", begins: bool = True
) -> Loss:
    """`loss` as one graph; the first call translates it, which takes one to several minutes.

    On CUDA the graph is captured and replayed (CUDA graphs), so that an update of small networks no longer waits for
    the launch of each operation; what it returns is then overwritten by the next update. Sums are taken in another
    order than without, so that a run ends with other, equally valid numbers. Where a gradient runs back through the
    dream (`actor_gradient: dynamics`) the graph is broken in pieces at the frozen networks.

    Args:
        backend: a name that `torch.compile` knows ("eager" only traces), or what it is to be given the graph.
        begins: is it the first loss of an update? From its call on, what captured graphs returned before may go.
    """
    captured = backend == "inductor" and _on_cuda(device)
    mode = "reduce-overhead" if captured else None
    graph = torch.compile(loss, dynamic=False, backend=backend, mode=mode)
    if not (captured and begins):
        return cast(Loss, graph)

    def begin(*given: Any) -> Any:
        torch.compiler.cudagraph_mark_step_begin()
        return graph(*given)

    return cast(Loss, begin)


def _on_cuda(device: str | torch.device) -> bool:
    return torch.device(device).type == "cuda"
