"""A GRU over known sequences in which some rows begin afresh, with a backward pass of its own.

The recurrence is that of `torch.nn.GRU` (gates in the order reset, update, new). `nn.GRU` cannot clear its state in
the middle of a sequence; a loop over cells can, but autograd then records a dozen nodes a step. Here the loop runs
outside autograd and the gradients of the recurrent weights are one matrix product over all steps. Where the caller is
compiled the gates are written out in single operations: the compiler fuses them, and writes the backward pass.
"""

from typing import Any

import torch
from torch import Tensor


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gi: Tensor, keep: Tensor, h0: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        length, batch, width = gi.shape
        hidden = width // 3
        before, after = gi.new_empty(length, batch, hidden), gi.new_empty(length, batch, hidden)
        gates, new, recurrent = (
            gi.new_empty(length, batch, 2 * hidden),
            torch.empty_like(after),
            torch.empty_like(after),
        )
        transposed = weight.t()
        h = h0
        for t in range(length):
            h = torch.mul(h, keep[t], out=before[t])
            gh = torch.addmm(bias, h, transposed)
            torch.add(gi[t, :, : 2 * hidden], gh[:, : 2 * hidden], out=gates[t]).sigmoid_()
            recurrent[t] = gh[:, 2 * hidden :]
            torch.addcmul(gi[t, :, 2 * hidden :], gates[t, :, :hidden], recurrent[t], out=new[t]).tanh_()
            h = torch.lerp(new[t], h, gates[t, :, hidden:], out=after[t])
        ctx.save_for_backward(keep, weight, before, gates, new, recurrent)
        ctx.mark_non_differentiable(before)
        return after, before

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        keep, weight, before, gates, new, recurrent = ctx.saved_tensors
        gradient = gradients[0]
        length, batch, hidden = new.shape
        reset, update = gates[..., :hidden], gates[..., hidden:]
        into_new = (1 - update) * (1 - new.square())
        into_update = (before - new) * update * (1 - update)
        into_reset = recurrent * reset * (1 - reset)
        d_gi = new.new_empty(length, batch, 3 * hidden)
        d_gh = torch.empty_like(d_gi)
        dh = torch.zeros_like(new[0])
        for t in reversed(range(length)):
            dh = dh + gradient[t]
            d_new = torch.mul(dh, into_new[t], out=d_gi[t, :, 2 * hidden :])
            torch.mul(d_new, into_reset[t], out=d_gh[t, :, :hidden])
            torch.mul(dh, into_update[t], out=d_gh[t, :, hidden : 2 * hidden])
            torch.mul(d_new, reset[t], out=d_gh[t, :, 2 * hidden :])
            dh = torch.addmm(dh.mul_(update[t]), d_gh[t], weight).mul_(keep[t])
        d_gi[..., : 2 * hidden] = d_gh[..., : 2 * hidden]
        d_weight = d_gh.flatten(0, 1).t() @ before.flatten(0, 1)
        return d_gi, None, dh, d_weight, d_gh.sum((0, 1))


class ResettingGRU(torch.nn.GRUCell):
    """`torch.nn.GRUCell` (same parameters, same initialisation) that also runs over whole sequences."""

    def sequence(self, inputs: Tensor, is_first: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        """States before and after every step.

        Args:
            inputs: (T, B, input size).
            is_first: (T, B), bool; the state is cleared before such a step.
            h0: (B, hidden), the state before the first step.

        Returns:
            `before` (T, B, hidden), the state each step starts from, cleared where `is_first`; it carries no gradient.
            `after` (T, B, hidden), the state each step ends with.
        """
        gi = torch.nn.functional.linear(inputs, self.weight_ih, self.bias_ih)
        keep = (~is_first).to(gi.dtype).unsqueeze(-1)
        if torch.compiler.is_compiling():
            return self._written_out(gi, keep, h0)
        after, before = _Recurrence.apply(gi, keep, h0, self.weight_hh, self.bias_hh)
        return before, after

    def forward(self, inputs: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """h' (B, hidden) from inputs (B, input size) and h (B, hidden)."""
        if torch.compiler.is_compiling():
            return self._gated(torch.nn.functional.linear(inputs, self.weight_ih, self.bias_ih), h)
        return super().forward(inputs, h)

    def _gated(self, gi: Tensor, h: Tensor) -> Tensor:
        reset_i, update_i, new_i = gi.chunk(3, -1)
        reset_h, update_h, new_h = torch.nn.functional.linear(h, self.weight_hh, self.bias_hh).chunk(3, -1)
        new = (new_i + (reset_i + reset_h).sigmoid() * new_h).tanh()
        return torch.lerp(new, h, (update_i + update_h).sigmoid())

    def _written_out(self, gi: Tensor, keep: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        before, after, h = [], [], h0
        for row, goes_on in zip(gi.unbind(0), keep.unbind(0)):
            h = h * goes_on
            before.append(h.detach())
            h = self._gated(row, h)
            after.append(h)
        return torch.stack(before), torch.stack(after)
