"""DreamerV3: published parameter counts, one update, where gradients go."""

import pytest
import torch

from gwpipe.agents.dreamer_v3 import Batch, DreamerV3, Noise, Seen, trainable
from gwpipe.agents.dreamer_v3_rssm import Latent
from gwpipe.agents.dreamer_v3_update import update_loss, world_model_losses
from gwpipe.agents.policies import CategoricalPolicy, GaussianPolicy, Policy, gumbel
from gwpipe.agents.returns import no_spread
from gwpipe.settings.dreamer_v3 import DreamerV3Settings, ImageNet

ROWS, LENGTH, HORIZON, RESOLUTION, VECTOR = 3, 5, 4, 16, 6
WIDTHS = {"deter": 32, "hidden": 16, "classes": 4, "depth": 8, "units": 16}


def settings(**changes) -> DreamerV3Settings:
    values = {"size": "2m", "widths": WIDTHS, "world_model_lr": 1e-3, "actor_critic_lr": 1e-3}
    values |= {"imagination_length": HORIZON, "batch_size": ROWS, "batch_length": LENGTH, "env_steps_per_update": 4}
    return DreamerV3Settings.model_validate(values | changes)


def random_batch(policy: Policy, seed: int = 0) -> tuple[Batch, Noise]:
    g = torch.Generator().manual_seed(seed)
    is_first = torch.zeros(ROWS, LENGTH, dtype=torch.bool)
    is_first[1, 2] = True
    is_last = is_first.roll(-1, 1)
    batch = Batch(
        start=Latent(torch.zeros(ROWS, WIDTHS["deter"]), torch.zeros(ROWS, 32, WIDTHS["classes"])),
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
        posterior=gumbel((ROWS, LENGTH, 32, WIDTHS["classes"]), g),
        prior=gumbel((HORIZON, starts, 32, WIDTHS["classes"]), g),
        action=policy.noise((HORIZON, starts), g),
    )
    return batch, noise


def tiny(policy: Policy, image_net: ImageNet = "strided") -> DreamerV3:
    torch.manual_seed(0)
    return DreamerV3(settings(image_net=image_net), Seen(RESOLUTION, VECTOR), policy)


@pytest.mark.parametrize(
    ("size", "widths", "image_net", "count"),
    [
        ("12m", {}, "pooled", 11_518_488),
        ("40m", {"hidden": 512}, "pooled", 45_664_728),
        ("12m", {}, "strided", 11_541_752),
        ("40m", {}, "strided", 41_778_968),
        ("100m", {}, "strided", 102_662_712),
    ],
)
def test_published_parameter_counts(size: str, widths: dict, image_net: ImageNet, count: int) -> None:
    chosen = settings(size=size, widths=widths, image_net=image_net)
    with torch.device("meta"):
        assert trainable(DreamerV3(chosen, Seen(64, 76), GaussianPolicy(5))) == count


def test_parameter_count_in_simple_shapes() -> None:
    with torch.device("meta"):
        model = DreamerV3(settings(widths={}), Seen(32, 11), CategoricalPolicy(7, 0.01))
    assert trainable(model) == 2_470_708
    assert trainable(model) == sum(p.numel() for p in [*model.world, *model.behaviour])


@pytest.mark.parametrize("size", ["2m", "12m", "40m", "100m"])
@pytest.mark.parametrize("seen", [Seen(32, 11), Seen(64, 76)])
def test_every_size_fits_both_environments(size: str, seen: Seen) -> None:
    with torch.device("meta"):
        model = DreamerV3(settings(size=size, widths={}), seen, GaussianPolicy(5))
        shown = torch.zeros(2, 3, seen.resolution, seen.resolution), torch.zeros(2, seen.vector)
        assert model.tokens(*shown).shape[0] == 2


@pytest.mark.parametrize("policy", [GaussianPolicy(2), CategoricalPolicy(3, 0.01)], ids=["continuous", "discrete"])
@pytest.mark.parametrize("image_net", ["strided", "pooled"])
def test_update_reaches_every_trainable_parameter(policy: Policy, image_net: ImageNet) -> None:
    model = tiny(policy, image_net)
    batch, noise = random_batch(policy)
    result = update_loss(model, batch, noise, no_spread(), settings())
    result.loss.backward()
    assert torch.isfinite(result.loss)
    for name, parameter in model.named_parameters():
        if name.startswith("slow_critic"):
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
    assert result.latent.deter.shape == (ROWS, LENGTH, WIDTHS["deter"])
    assert not result.latent.stoch.requires_grad
    torch.testing.assert_close(result.latent.stoch.sum(-1), torch.ones(ROWS, LENGTH, 32))


@pytest.mark.parametrize("missing", ["image", "vector"])
def test_one_of_the_two_is_enough(missing: str) -> None:
    policy = GaussianPolicy(2)
    seen = Seen(RESOLUTION, VECTOR)._replace(**{"resolution" if missing == "image" else "vector": None})
    model = DreamerV3(settings(), seen, policy)
    batch, noise = random_batch(policy)
    parts = update_loss(model, batch._replace(**{missing: None}), noise, no_spread(), settings()).parts
    assert missing not in parts


def test_first_predictions_are_exactly_zero() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    parts = update_loss(model, batch, noise, no_spread(), settings()).parts
    uniform = torch.log(torch.tensor(255.0))
    torch.testing.assert_close(parts["reward"], uniform)


def test_training_on_one_batch_lowers_its_reconstruction_errors() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    spread, losses = no_spread(), []
    for _ in range(30):
        result = update_loss(model, batch, noise, spread, settings())
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
    parts = update_loss(model, batch, noise, no_spread(), settings()).parts
    (parts["actor"] + parts["value"]).backward(retain_graph=True)
    assert all(parameter.grad is None for parameter in model.world)
    # The critic starts at zero and passes nothing back until its last layer has moved.
    torch.nn.init.normal_(model.critic[-1].weight)
    update_loss(model, batch, noise, no_spread(), settings()).parts["replay_value"].backward()
    gradient = model.rssm.gates.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_the_two_sides_of_the_kl_train_their_own_networks() -> None:
    policy = GaussianPolicy(2)
    batch, noise = random_batch(policy)
    for name, trained, untouched in (("dynamics", "prior", "posterior"), ("representation", "posterior", "prior")):
        model = tiny(policy)
        # Far apart, so that the divergence is above the free nat.
        torch.nn.init.normal_(model.rssm.prior[-1].bias, generator=torch.Generator().manual_seed(0))
        # The last row's posterior leads on to nothing, so that only the divergence itself reaches it.
        rows = Batch(*(x if x is batch.start else x[:, :1] for x in batch))
        parts, _ = world_model_losses(model, rows, noise.posterior[:, :1], 0.9)
        parts[name].backward()
        assert getattr(model.rssm, trained)[-1].weight.grad is not None
        assert getattr(model.rssm, untouched)[-1].weight.grad is None


def test_rows_before_a_first_row_are_forgotten() -> None:
    policy = GaussianPolicy(2)
    model = tiny(policy)
    batch, noise = random_batch(policy)
    assert batch.image is not None
    changed = batch.image.clone()
    changed[:, :2] = 255 - changed[:, :2]
    before = world_model_losses(model, batch, noise.posterior, 0.9)[1]
    after = world_model_losses(model, batch._replace(image=changed), noise.posterior, 0.9)[1]
    torch.testing.assert_close(before.deter[1, 2:], after.deter[1, 2:], rtol=0, atol=0)
    assert not torch.equal(before.deter[0, 2:], after.deter[0, 2:])


def test_same_noise_gives_the_same_loss() -> None:
    policy = CategoricalPolicy(3, 0.01)
    losses = []
    for _ in range(2):
        batch, noise = random_batch(policy)
        losses.append(update_loss(tiny(policy), batch, noise, no_spread(), settings()).loss)
    assert torch.equal(*losses)


def test_the_slow_critic_follows() -> None:
    model = tiny(GaussianPolicy(2))
    for parameter in model.critic.parameters():
        torch.nn.init.ones_(parameter)
    old = [p.clone() for p in model.slow_critic.parameters()]
    model.follow(0.02)
    for before, after in zip(old, model.slow_critic.parameters()):
        torch.testing.assert_close(after, 0.98 * before + 0.02)
