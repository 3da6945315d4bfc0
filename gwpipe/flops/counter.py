"""Count the floating-point operations of a step, forward and backward.

A multiplication of (m, k) by (k, n) counts 2·m·n·k, a convolution likewise; element-wise work (activations, norms,
optimisers) counts nothing, as in the counter that PyTorch ships. A step is counted best on the meta device: its
tensors have shapes and no data, so a network of the paper's size costs milliseconds and no memory.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten


class UncountedKernelError(RuntimeError):
    """A step ran a kernel whose operations cannot be seen from outside, so its count would be too low."""


def _matrix_vector(matrix: tuple[int, int], *_args: Any, **_kwargs: Any) -> int:
    return 2 * matrix[0] * matrix[1]


def _add_matrix_vector(_vector: tuple[int], matrix: tuple[int, int], *_args: Any, **_kwargs: Any) -> int:
    return 2 * matrix[0] * matrix[1]


def _dot(left: tuple[int], *_args: Any, **_kwargs: Any) -> int:
    return 2 * left[0]


def _refuse(name: str) -> Callable[..., int]:
    def formula(*_args: Any, **_kwargs: Any) -> int:
        raise UncountedKernelError(f"{name} hides its matrix products: count this step on the meta device instead")

    return formula


# PyTorch 2.13 has no formula for these and would silently count 0. On the meta device nn.GRU and nn.GRUCell
# decompose into addmm and mm, which are counted; the fused kernels below appear on other devices only.
FORMULAS: dict[Any, Callable[..., int]] = {
    aten.mv: _matrix_vector,
    aten.addmv: _add_matrix_vector,
    aten.dot: _dot,
    aten.vdot: _dot,
    aten._cudnn_rnn: _refuse("cuDNN's recurrent kernel"),
    aten.miopen_rnn: _refuse("MIOpen's recurrent kernel"),
    aten.mkldnn_rnn_layer: _refuse("oneDNN's recurrent kernel"),
}


def count_flops(step: Callable[[], object]) -> int:
    """Run `step` once and return the operations that it spent, those of any `.backward()` inside it included.

    Raises:
        UncountedKernelError: a kernel ran whose operations are invisible, or nothing at all was counted.
    """
    counter = FlopCounterMode(display=False, custom_mapping=FORMULAS)
    with counter:
        step()
    total = int(counter.get_total_flops())
    if total == 0:
        raise UncountedKernelError("the step ran no matrix product or convolution: there is nothing to count")
    return total
