"""DreamerV3: published parameter counts, one update, where gradients go."""

import pytest
import torch
from torch import Tensor

from gwpipe.agents.dreamer_v3 import SIZES, Batch, DreamerV3, Noise, Size, trainable
from gwpipe.agents.dreamer_v3_images import ImageNet
from gwpipe.agents.dreamer_v3_rssm import Latent
from gwpipe.agents.policies import CategoricalPolicy, GaussianPolicy, Policy
from gwpipe.agents.returns import no_spread

TINY = Size(deter=32, hidden=16, classes=4, depth=8, units=16)
ROWS, LENGTH, HORIZON, RESOLUTION, VECTOR = 3, 5, 4, 16, 6


def gumbel(*shape: int, generator: torch.Generator) -> Tensor:
    return -torch.empty(shape).exponential_(generator=generator).log()


def random_batch(policy: Policy, seed: int = 0) -> tuple[Batch, Noise]:
    g = torch.Generator().manual_seed(seed)
    is_first = torch.zeros(ROWS, LENGTH, dtype=torch.bool)
    is_first[1, 2] = True
    is_last = is_first.roll(-1, 1)
    batch = Batch(
        start=Latent(torch.zeros(ROWS, TINY.deter), torch.zeros(ROWS, 32, TINY.classes)),
        image=torch.randint(0, 256, (ROWS, LENGTH, 3, RESOLUTION, RESOLUTION), generator=g, dtype=torch.uint8),
        vector=torch.randn(ROWS, LENGTH, VECTOR, generator=g),
        before=torch.randn(ROWS, LENGTH, policy.size, generator=g),
        reward=torch.randn(ROWS, LENGTH, generator=g),
        is_first=is_first,
        is_last=is_last,
        is_terminal=is_last,
    )
    starts = ROWS * LENGTH
    noise = Noise(
        posterior=gumbel(ROWS, LENGTH, 32, TINY.classes, generator=g),
        prior=gumbel(HORIZON, starts, 32, TINY.classes, generator=g),
        action=policy.noise((HORIZON, starts), g),
    )
    return batch, noise


def tiny(policy: Policy, image_net: ImageNet = "strided") -> DreamerV3:
    torch.manual_seed(0)
    return DreamerV3(TINY, RESOLUTION, VECTOR, policy, image_net)


@pytest.mark.parametrize(
    ("size", "image_net", "count"),
    [
        (SIZES["12m"], "pooled", 11_518_488),
        (Size(4096, 512, 32, 32, 512), "pooled", 45_664_728),
        (SIZES["12m"], "strided", 11_541_752),
        (SIZES["40m"], "strided", 41_778_968),
        (SIZES["100m"], "strided", 102_662_712),
    ],
)
def test_published_parameter_counts(size: Size, image_net: ImageNet, count: int) -> None:
    with torch.device("meta"):
        assert trainable(DreamerV3(size, 64, 76, GaussianPolicy(5), image_net)) == count


def test_parameter_count_in_simple_shapes() -> None:
    with torch.device("meta"):
        model = DreamerV3(SIZES["2m"], 32, 11, CategoricalPolicy(7, 0.01))
    assert trainable(model) == 2_470_708


@pytest.mark.parametrize("policy", [GaussianPolicy(2), CategoricalPolicy(3, 0.01)], ids=["continuous", "discrete"])
@pytest.mark.parametrize("image_net", ["strided", "pooled"])
def test_update_reaches_every_trainable_parameter(policy: Policy, image_net: ImageNet) -> None:
    model = tiny(policy, image_net)
    batch, noise = random_batch(policy)
    result = model.loss(batch, noise, no_spread())
    result.loss.backward()
    assert torch.isfinite(result.loss)
    for name, parameter in model.named_parameters():
        if name.startswith("slow_critic"):
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
    assert result.latent.deter.shape == (ROWS, LENGTH, TINY.deter)
    assert not result.latent.stoch.requires_grad
    torch.testing.assert_close(result.latent.stoch.sum(-1), torch.ones(ROWS, LENGTH, 32))


def test_first_predictions_are_exactly_zero() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    parts = model.loss(batch, noise, no_spread()).parts
    uniform = torch.log(torch.tensor(255.0))
    torch.testing.assert_close(parts["reward"], uniform)


def test_training_on_one_batch_lowers_its_reconstruction_errors() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    spread, losses = no_spread(), []
    for _ in range(30):
        result = model.loss(batch, noise, spread)
        optimiser.zero_grad()
        result.loss.backward()
        optimiser.step()
        spread = result.spread
        losses.append({name: float(part.detach()) for name, part in result.parts.items()})
    for name in ("image", "vector", "reward"):
        assert losses[-1][name] < 0.9 * losses[0][name], name


def test_dreams_do_not_train_the_world_model() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    parts = model.loss(batch, noise, no_spread()).parts
    (parts["actor"] + parts["value"]).backward(retain_graph=True)
    world = [*model.rssm.parameters(), *model.see.parameters(), *model.reward.parameters(), *model.goes_on.parameters()]
    assert all(parameter.grad is None for parameter in world)
    # The critic starts at zero and passes nothing back until its last layer has moved.
    torch.nn.init.normal_(model.critic[-1].weight)
    model.loss(batch, noise, no_spread()).parts["replay_value"].backward()
    gradient = model.rssm.gates.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_rows_before_a_first_row_are_forgotten() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    changed = batch.image.clone()
    changed[:, :2] = 255 - changed[:, :2]
    before = model.loss(batch, noise, no_spread()).latent
    after = model.loss(batch._replace(image=changed), noise, no_spread()).latent
    torch.testing.assert_close(before.deter[1, 2:], after.deter[1, 2:], rtol=0, atol=0)
    assert not torch.equal(before.deter[0, 2:], after.deter[0, 2:])


def test_same_noise_gives_the_same_loss() -> None:
    policy = CategoricalPolicy(3, 0.01)
    losses = []
    for _ in range(2):
        batch, noise = random_batch(policy)
        losses.append(tiny(policy).loss(batch, noise, no_spread()).loss)
    assert torch.equal(*losses)
