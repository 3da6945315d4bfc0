"""What layers cost by pencil and paper: the yardstick of the counter.

Every product of matrices counts 2·m·n·k. The backward pass of a layer is two more products of the same size: one for
the gradient of its weights, one for that of its input; the second is left out where the input needs no gradient, as
at the first layer of a network.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Operations of a forward and a backward pass."""

    forward: int
    backward: int

    @property
    def training(self) -> int:
        """Forward and backward together."""
        return self.forward + self.backward


def _layer(forward: int, input_gradient: bool) -> Cost:
    return Cost(forward, forward * (2 if input_gradient else 1))


def linear(rows: int, inputs: int, outputs: int, input_gradient: bool = True) -> Cost:
    """`nn.Linear` on `rows` rows."""
    return _layer(2 * rows * inputs * outputs, input_gradient)


def conv(
    images: int,
    resolution_out: int,
    channels_in: int,
    channels_out: int,
    kernel: int,
    input_gradient: bool = True,
) -> Cost:
    """`nn.Conv2d`, square, whose output is `resolution_out` wide: each output pixel reads a whole kernel."""
    return _layer(2 * images * resolution_out**2 * kernel**2 * channels_in * channels_out, input_gradient)


def conv_transpose(
    images: int,
    resolution_in: int,
    channels_in: int,
    channels_out: int,
    kernel: int,
    input_gradient: bool = True,
) -> Cost:
    """`nn.ConvTranspose2d`, square, whose input is `resolution_in` wide: each input pixel writes a whole kernel."""
    return _layer(2 * images * resolution_in**2 * kernel**2 * channels_in * channels_out, input_gradient)


def gru(batch: int, steps: int, inputs: int, hidden: int, input_gradient: bool = True) -> Cost:
    """`nn.GRU` of one layer over `steps`, from an initial state that needs no gradient.

    Each step multiplies input and state by three gates' weights. Going back, the first step has no earlier state to
    pass a gradient to.
    """
    from_input = 2 * batch * steps * 3 * hidden * inputs
    from_state = 2 * batch * steps * 3 * hidden * hidden
    weights = from_input + from_state
    states = 2 * batch * (steps - 1) * 3 * hidden * hidden
    return Cost(weights, weights + states + (from_input if input_gradient else 0))
