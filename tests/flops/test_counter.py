"""The counter against pencil and paper, forward alone and forward with backward."""

import pytest
import torch
from torch import Tensor, nn

from gwpipe.flops import closed_forms
from gwpipe.flops.closed_forms import Cost
from gwpipe.flops.counter import UncountedKernelError, count_flops

LAYERS = {
    "linear": (lambda: nn.Linear(12, 20), (7, 12), lambda g: closed_forms.linear(7, 12, 20, g)),
    "linear over time": (lambda: nn.Linear(12, 20), (7, 3, 12), lambda g: closed_forms.linear(21, 12, 20, g)),
    "conv": (
        lambda: nn.Conv2d(3, 8, kernel_size=4, stride=2, padding=1),
        (5, 3, 16, 16),
        lambda g: closed_forms.conv(5, 8, 3, 8, 4, g),
    ),
    "conv transpose": (
        lambda: nn.ConvTranspose2d(6, 4, kernel_size=4, stride=2, padding=1),
        (5, 6, 8, 8),
        lambda g: closed_forms.conv_transpose(5, 8, 6, 4, 4, g),
    ),
    "gru": (
        lambda: nn.GRU(9, 16, batch_first=True),
        (4, 11, 9),
        lambda g: closed_forms.gru(4, 11, 9, 16, g),
    ),
    "gru cell": (lambda: nn.GRUCell(9, 16), (4, 9), lambda g: closed_forms.gru(4, 1, 9, 16, g)),
}


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("input_gradient", [True, False], ids=["inner layer", "first layer"])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_costs_its_closed_form(name: str, input_gradient: bool, device: str) -> None:
    make, shape, closed_form = LAYERS[name]
    layer = make().to(device)
    x = torch.zeros(shape, device=device, requires_grad=input_gradient)
    expected: Cost = closed_form(input_gradient)

    def forward() -> Tensor:
        y = layer(x)
        return y[0] if isinstance(y, tuple) else y

    assert count_flops(forward) == expected.forward
    assert count_flops(lambda: forward().sum().backward()) == expected.training


def test_golden_numbers() -> None:
    assert closed_forms.linear(1, 10, 64) == Cost(1280, 2560)
    assert closed_forms.conv(1, 32, 3, 64, 4, input_gradient=False) == Cost(6_291_456, 6_291_456)
    # 2·3H(I+H) a step, as the layer's six products say
    assert closed_forms.gru(1, 1, 1024, 1024).forward == 2 * 3 * 1024 * 2048


def test_chain_of_layers_adds_up() -> None:
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
        x = torch.zeros(6, 3, 16, 16)
    expected = closed_forms.conv(6, 8, 3, 8, 4, input_gradient=False).training
    expected += closed_forms.linear(6, 512, 10).training
    assert count_flops(lambda: network(x).sum().backward()) == expected


def test_frozen_network_passes_gradients_without_paying_for_weights() -> None:
    frozen = nn.Linear(12, 20, device="meta").requires_grad_(False)
    x = torch.zeros(7, 12, device="meta", requires_grad=True)
    assert count_flops(lambda: frozen(x).sum().backward()) == 2 * closed_forms.linear(7, 12, 20).forward


def test_matrix_vector_products_are_not_lost() -> None:
    matrix, vector = torch.zeros(6, 5, device="meta"), torch.zeros(5, device="meta")
    assert count_flops(lambda: torch.mv(matrix, vector)) == 60
    assert count_flops(lambda: torch.addmv(torch.zeros(6, device="meta"), matrix, vector)) == 60
    assert count_flops(lambda: torch.dot(vector, vector)) == 10


def test_nothing_counted_is_an_error() -> None:
    with pytest.raises(UncountedKernelError, match="nothing to count"):
        count_flops(lambda: torch.zeros(3) + 1)


def test_hidden_kernel_is_an_error() -> None:
    lstm = nn.LSTM(8, 16, batch_first=True)
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this build of PyTorch has no oneDNN, the library whose fused kernel is meant")

    def infer() -> object:
        with torch.no_grad():
            return lstm(torch.zeros(4, 5, 8))

    with pytest.raises(UncountedKernelError, match="meta device"):
        count_flops(infer)
