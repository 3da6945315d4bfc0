"""Many small workspaces of one shape as one: every linear layer is a batched product of stacked weights.

A step of a small workspace costs more in calls than in arithmetic. A stack takes the calls once for all its members,
and its losses are those of `gwpipe.workspace.objective`, unchanged: members lie behind the rows, (B, members, …), so
that rows are still laid together and split along the first dimension. Losses are means, also over the members; their
sum is what each member would have minimised alone, and AdamW works entry by entry, so a member learns as it would
alone (`tests/workspace/test_stack.py`).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gwpipe.domains.mlp import WithLinearPath
from gwpipe.workspace.fusion import Weights, random_weights
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.workspace import Workspace


class StackedMLP(nn.Module):
    """`gwpipe.domains.mlp` of several members: (B, members, in) → (B, members, out).

    Args:
        networks: MLPs of equal widths, all with biases or all without; their weights are copied.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        layers = [[layer for layer in network.modules() if isinstance(layer, nn.Linear)] for network in networks]
        with torch.no_grad():
            self.weights = nn.ParameterList(torch.stack([one.weight.T for one in at]) for at in zip(*layers))
            biased = [at for at in zip(*layers) if at[0].bias is not None]
            self.biases = nn.ParameterList(torch.stack([one.bias for one in at]).unsqueeze(1) for at in biased)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(0, 1)  # (members, B, in): one product a member
        for number, weight in enumerate(self.weights):
            x = torch.relu(x) if number else x
            x = torch.baddbmm(self.biases[number], x, weight) if len(self.biases) else torch.bmm(x, weight)
        return x.transpose(0, 1)

    def fill(self, member: int, network: nn.Module) -> None:
        """Copy the weights of one member into a plain MLP of the same widths."""
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, weight in zip(linear, self.weights):
                layer.weight.copy_(weight[member].T)
            for layer, bias in zip(linear, self.biases):
                layer.bias.copy_(bias[member, 0])


class StackedWithLinearPath(nn.Module):
    """`gwpipe.domains.mlp.WithLinearPath` of several members: (B, members, in) → (B, members, out)."""

    def __init__(self, networks: Sequence[WithLinearPath]) -> None:
        super().__init__()
        self.network = StackedMLP([network.network for network in networks])
        self.straight = StackedMLP([network.straight for network in networks])

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + self.straight(x)

    def fill(self, member: int, network: WithLinearPath) -> None:
        """Copy the weights of one member into a network of the same widths."""
        self.network.fill(member, network.network)
        self.straight.fill(member, network.straight)


class StackedRandom(Selection):
    """`selection.fixed.Random` with a stream of its own for each member, as if each were alone.

    Args:
        temperature: T of softmax(U / T).
        generators: name of a stream → where its U come from.
        streams: of each member, its stream; members may share one.
    """

    rule = "random"

    def __init__(self, temperature: float, generators: Mapping[int, torch.Generator], streams: Sequence[int]) -> None:
        super().__init__()
        self.temperature, self.generators, self.streams = temperature, dict(generators), tuple(streams)

    def forward(self, u: Mapping[str, Tensor], pre: Mapping[str, Tensor]) -> Weights:
        """pre: domain → (B, members, dim). Weights are (B, members, 1)."""
        like = next(iter(pre.values()))
        drawn = {
            stream: torch.rand(len(like), len(pre), generator=generator)
            for stream, generator in self.generators.items()
        }
        uniform = torch.stack([drawn[stream] for stream in self.streams], 1).to(like.device)
        return dict(zip(pre, random_weights(uniform, self.temperature).unsqueeze(-1).unbind(2)))


def stacked(members: Sequence[Workspace]) -> Workspace:
    """One workspace of all members, for training: latents are (B, members, latent), states (B, members, dim).

    All members have the same domains and widths and standardise alike, by the first one's buffers.
    """
    first = members[0]
    both = Workspace(**first.describe())
    both.load_state_dict(first.state_dict())
    stack_of = StackedWithLinearPath if first.linear_path else StackedMLP
    for kind in ("encoders", "decoders"):
        networks = [getattr(member, kind) for member in members]
        stack = {name: stack_of([network[name] for network in networks]) for name in first.domains}
        setattr(both, kind, nn.ModuleDict(stack))
    if isinstance(first.log_temperature, Tensor):
        both.log_temperature = nn.Parameter(torch.stack([torch.as_tensor(m.log_temperature) for m in members])[:, None])
    return both


def member(stack: Workspace, number: int) -> Workspace:
    """One of the workspaces of a stack, for inference."""
    alone = Workspace(**stack.describe())
    for name in stack.domains:
        alone.get_buffer(f"centre_{name}").copy_(stack.get_buffer(f"centre_{name}"))
        alone.get_buffer(f"scale_{name}").copy_(stack.get_buffer(f"scale_{name}"))
        for kind in ("encoders", "decoders"):
            network = getattr(stack, kind)[name]
            assert isinstance(network, StackedMLP | StackedWithLinearPath)
            network.fill(number, getattr(alone, kind)[name])
    if isinstance(alone.log_temperature, Tensor) and isinstance(stack.log_temperature, Tensor):
        alone.log_temperature.data.copy_(stack.log_temperature.data[number, 0])
    return alone.eval().requires_grad_(False)
