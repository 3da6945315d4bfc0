import torch

from gwpipe.agents.returns import lambda_return, no_spread, scale, survival, update_spread


def test_lambda_return_by_hand() -> None:
    reward, keeps = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5, 1.0])
    value = torch.tensor([9.0, 10.0, 20.0, 30.0])
    # R3 = 30; R2 = 3 + .9 (.2·30 + .8·30) = 30; R1 = 2 + .45 (.2·20 + .8·30) = 14.6; R0 = 1 + .9 (2 + .8·14.6)
    expected = torch.tensor([13.312, 14.6, 30.0])
    torch.testing.assert_close(lambda_return(reward, keeps, value, discount=0.9, lam=0.8), expected)


def test_lambda_one_is_the_discounted_sum_and_zero_is_one_step() -> None:
    generator = torch.Generator().manual_seed(0)
    reward, value = torch.randn(6, 4, generator=generator), torch.randn(7, 4, generator=generator)
    keeps = torch.ones(6, 4)
    sums = lambda_return(reward, keeps, value, 0.97, 1.0)
    powers = 0.97 ** torch.arange(6).unsqueeze(1)
    torch.testing.assert_close(sums[0], (powers * reward).sum(0) + 0.97**6 * value[6])
    torch.testing.assert_close(lambda_return(reward, keeps, value, 0.97, 0.0), reward + 0.97 * value[1:])


def test_nothing_counts_after_a_terminal_state() -> None:
    reward = torch.tensor([1.0, 2.0, 1000.0])
    keeps = torch.tensor([1.0, 0.0, 1.0])
    value = torch.full((4,), 5000.0)
    torch.testing.assert_close(lambda_return(reward, keeps, value, 1.0, 1.0), torch.tensor([3.0, 2.0, 6000.0]))


def test_a_states_weight_leaves_out_the_consequence_of_its_own_action() -> None:
    keeps = torch.tensor([[1.0], [0.0], [1.0], [1.0]])
    weight = survival(torch.tensor([1.0]), keeps, discount=0.5)
    torch.testing.assert_close(weight[:, 0], torch.tensor([1.0, 0.5, 0.0, 0.0]))
    assert survival(torch.tensor([0.0]), keeps, 0.5).sum() == 0


def test_the_first_batch_sets_the_scale_in_full() -> None:
    values = torch.linspace(0, 100, 101)
    spread = update_spread(no_spread(), values, rate=0.01)
    torch.testing.assert_close(scale(spread, floor=1.0), torch.tensor(90.0))
    spread = update_spread(spread, 3 * values, rate=0.01)
    # Debiased weights of the two batches: 0.99 and 1 over 1.99.
    torch.testing.assert_close(scale(spread, floor=1.0), torch.tensor((0.99 * 90 + 270) / 1.99))
    torch.testing.assert_close(scale(spread, floor=1e4), torch.tensor(1e4))
