import torch

from gwpipe.agents.gru import ResettingGRU


def _pair() -> tuple[ResettingGRU, torch.nn.GRU]:
    torch.manual_seed(0)
    own, reference = ResettingGRU(5, 7), torch.nn.GRU(5, 7)
    with torch.no_grad():
        for name, parameter in own.named_parameters():
            parameter.copy_(getattr(reference, f"{name}_l0"))
    return own, reference


def test_same_states_and_gradients_as_nn_gru() -> None:
    own, reference = _pair()
    inputs = torch.randn(9, 3, 5, requires_grad=True)
    twin = inputs.detach().clone().requires_grad_()
    h0 = torch.randn(3, 7, requires_grad=True)
    h0_twin = h0.detach().clone().requires_grad_()
    _, after = own.sequence(inputs, torch.zeros(9, 3, dtype=torch.bool), h0)
    expected, _ = reference(twin, h0_twin.unsqueeze(0))
    torch.testing.assert_close(after, expected)
    weights = torch.randn_like(after)
    (after * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(inputs.grad, twin.grad)
    torch.testing.assert_close(h0.grad, h0_twin.grad)
    for name, parameter in own.named_parameters():
        torch.testing.assert_close(parameter.grad, getattr(reference, f"{name}_l0").grad, rtol=1e-4, atol=1e-5)


def test_gradients_through_resets_are_those_of_finite_differences() -> None:
    own, _ = _pair()
    own = own.double()
    inputs = torch.randn(6, 2, 5, dtype=torch.double, requires_grad=True)
    h0 = torch.randn(2, 7, dtype=torch.double, requires_grad=True)
    is_first = torch.zeros(6, 2, dtype=torch.bool)
    is_first[3, 0] = is_first[0, 1] = True
    assert torch.autograd.gradcheck(lambda x, h, *_: own.sequence(x, is_first, h)[1], (inputs, h0, *own.parameters()))


def test_a_reset_forgets_everything_before_it_and_matches_the_cell() -> None:
    own, _ = _pair()
    inputs = torch.randn(6, 2, 5)
    is_first = torch.zeros(6, 2, dtype=torch.bool)
    is_first[4] = True
    before, after = own.sequence(inputs, is_first, torch.randn(2, 7))
    assert before[4].abs().max() == 0
    h = torch.zeros(2, 7)
    for t in (4, 5):
        torch.testing.assert_close(before[t], h)
        h = own(inputs[t], h)
        torch.testing.assert_close(after[t], h)
