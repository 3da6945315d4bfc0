"""What each component costs: the real modules and losses against pencil and paper, and against the printed cells."""

from itertools import pairwise

import gymnasium
import pytest
from torch import nn

import gwpipe.envs  # noqa: F401 (registers the environments)
from gwpipe.domains.image_encoders import ENCODERS
from gwpipe.domains.meaning import SCORES
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.flops import models, paper
from gwpipe.flops.closed_forms import conv, conv_transpose, gru, linear
from gwpipe.flops.shapes import SHAPES
from gwpipe.settings.table1_stages import Sizes


def mlp_cost(rows: int, *widths: int, input_gradient: bool = True, backward: bool = True) -> int:
    layers = [
        linear(rows, before, after, input_gradient or k > 0) for k, (before, after) in enumerate(pairwise(widths))
    ]
    return sum(layer.training if backward else layer.forward for layer in layers)


def test_robodesk_visual_vae(robodesk: Sizes) -> None:
    n = 2056
    channels = [3, 64, 128, 256, 512, 1024]
    encoder = sum(conv(n, 32 >> k, channels[k], channels[k + 1], 4, input_gradient=k > 0).training for k in range(5))
    encoder += 2 * linear(n, 4096, 40).training
    decoder = linear(n, 40, 64 * 1024).training + conv(n, 64, 128, 3, 4).training
    decoder += sum(conv_transpose(n, 8 << k, 1024 >> k, 512 >> k, 4).training for k in range(3))
    assert models.vae_flops("robodesk", "v", robodesk.representation.vae["v"]) == encoder + decoder
    # 10.5 GFLOP a sample, 3 per cent for both VAEs' other parts
    assert (encoder + decoder) / n == pytest.approx(10.5e9, rel=0.03)


def test_simple_shapes_attribute_vae(simple_shapes: Sizes) -> None:
    n = 2056
    expected = mlp_cost(n, 11, 64, 64, 10, input_gradient=False) + 2 * mlp_cost(n, 10, 10)
    expected += mlp_cost(n, 10, 64, 64) + mlp_cost(n, 64, 3) + mlp_cost(n, 64, 8)
    assert models.vae_flops("simple_shapes", "attr", simple_shapes.representation.vae["attr"]) == expected


def test_language_vae(simple_shapes: Sizes) -> None:
    n, places, units, latent = 512, 32, 128, 12
    settings = simple_shapes.representation.vae["attr"].model_copy(
        update={"kind": None, "options": {}, "latent": latent, "width": 1.0}
    )
    settings = settings.model_copy(update={"optimisation": settings.optimisation.model_copy(update={"batch_size": n})})
    rows = n * places
    # A step of a GRU: three gates from the input and three from the state.
    encoder = 2 * (
        linear(rows, units // 2, 3 * units // 2).training + linear(rows, units // 2, 3 * units // 2).training
    )
    # The first state of an encoder is no variable: it has no gradient.
    encoder -= 2 * linear(n, units // 2, 3 * units // 2).forward
    encoder += 2 * linear(n, units, latent).training
    decoder = mlp_cost(n, latent, units, units, SCORES)
    assert models.vae_flops("simple_shapes", "t", settings) == encoder + decoder


def test_nothing_is_spent_where_nothing_is_trained(simple_shapes: Sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, "stand-in", lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 16)))
    options = {"side": 32, "architecture": "stand-in", "weights": "random"}
    frozen = simple_shapes.representation.vae["v"].model_copy(update={"kind": "pretrained_image", "options": options})
    n = frozen.optimisation.batch_size
    trained = models.vae_flops("simple_shapes", "v", frozen)
    assert 0 < trained < models.vae_flops("simple_shapes", "v", simple_shapes.representation.vae["v"])
    assert trained % n == 0
    only = frozen.model_copy(update={"options": options | {"decoder": False}})
    assert models.vae_flops("simple_shapes", "v", only) == 0


def test_workspace_update(robodesk: Sizes) -> None:
    n, settings = 2056, robodesk.representation.workspace
    first = 2 * mlp_cost(n, 40, 512, 512, 512, 76, input_gradient=False)
    decoded = 2 * mlp_cost(3 * n, 76, 512, 512, 512, 40)  # from each domain alone and from their fusion
    cycles = 2 * mlp_cost(n, 40, 512, 512, 512, 76) + 2 * mlp_cost(n, 76, 512, 512, 512, 40)
    contrast = linear(n, 76, n).training
    latents = {"v": 40, "attr": 40}
    gw = models.workspace_flops(settings, latents, settings.kinds["gw"].model_dump())
    assert gw == first + decoded + cycles + contrast
    clip = models.workspace_flops(settings, latents, settings.kinds["clip"].model_dump())
    assert clip == first + contrast
    assert 2.544e16 / gw == pytest.approx(290_000, rel=0.01)


def robodesk_update(z: int) -> int:
    """World model on 32 × 128 steps, dreams of 20 steps from 32 starts, actor and critic that read h alone."""
    rows, starts, steps = 32 * 128, 32, 20
    dreamt, h = starts * steps, 1024
    world_model = linear(rows, z + 5, h, input_gradient=False).training
    # States go on from a given h0, so the recurrence passes a gradient back at every step, the first included.
    world_model += gru(32, 128, h, h).training + 2 * 32 * 3 * h * h
    world_model += mlp_cost(rows, h, 512, 512, z)
    world_model += mlp_cost(rows, h + z, 256, 256, 256) + mlp_cost(rows, h + z, 256, 256, 1)
    dream = linear(dreamt, z + 5, h).forward + gru(dreamt, 1, h, h).forward
    for widths in ((h, 512, 512, z), (h + z, 256, 256, 256), (h + z, 256, 256, 1), (h, 512, 512, 512, 10)):
        dream += mlp_cost(dreamt, *widths, backward=False)
    actor_critic = mlp_cost(dreamt, h, 512, 512, 512, 10, input_gradient=False)
    actor_critic += mlp_cost(dreamt + starts, h, 512, 512, 512, 255, input_gradient=False)
    actor_critic += mlp_cost(dreamt, h, 512, 512, 512, 255, backward=False)
    return world_model + dream + actor_critic


@pytest.fixture(scope="module")
def gw_dreamer_update(robodesk: Sizes) -> int:
    return models.dreaming_flops("robodesk", robodesk.dreaming, 76, bounded=True)


def test_robodesk_agent_update(robodesk: Sizes, gw_dreamer_update: int) -> None:
    assert gw_dreamer_update == robodesk_update(76)
    assert models.dreaming_flops("robodesk", robodesk.dreaming, 80, bounded=False) == robodesk_update(80)


def test_gw_dreamers_cell_within_three_per_cent(gw_dreamer_update: int) -> None:
    updates = paper.training()["robodesk", "gw_dreamer", "rl_1_task"].updates
    assert updates == 25_000
    assert updates * gw_dreamer_update == pytest.approx(5.410e15, rel=0.03)


def test_short_chunks_foretell_long_ones_with_dreams_from_every_row(simple_shapes: Sizes) -> None:
    changes = {"batch_length": 5, "imagination_length": 3, "imagination_starts": "all"}
    settings = simple_shapes.dreaming.model_copy(update=changes)
    whole = models.dreaming_update_flops("simple_shapes", settings, 10, True)
    assert models.dreaming_flops("simple_shapes", settings, 10, True) == whole


def test_encoding_one_observation(robodesk: Sizes) -> None:
    channels = [3, 64, 128, 256, 512, 1024]
    vaes = sum(conv(1, 32 >> k, channels[k], channels[k + 1], 4).forward for k in range(5))
    vaes += 2 * linear(1, 4096, 40).forward + 2 * linear(1, 40, 40).forward
    vaes += mlp_cost(1, 76, 512, 512, 512, 512, 40, backward=False)
    workspace = 2 * mlp_cost(1, 40, 512, 512, 512, 76, backward=False)
    by_kind = {
        kind: models.encode_flops("robodesk", models.frozen("robodesk", robodesk.representation, kind))
        for kind in (None, "gw")
    }
    assert by_kind == {None: vaes, "gw": vaes + workspace}


def test_costs_of_a_scale_are_complete(simple_shapes: Sizes) -> None:
    costs = models.count_costs("simple_shapes", simple_shapes)
    assert set(costs.vae) == {"v", "attr"}
    assert set(costs.workspace) == {"gw", "clip"}
    assert set(costs.encode) == {"gw_dreamer", "vae_dreamer", "clip_dreamer"}
    assert set(costs.rl) == {*costs.encode, "dreamer_2m"}
    assert costs.rl["clip_dreamer"] == costs.rl["gw_dreamer"] < costs.rl["vae_dreamer"]
    assert costs.encode["vae_dreamer"] == costs.encode_vaes < costs.encode["gw_dreamer"]


@pytest.mark.parametrize("env", ["simple_shapes", "robodesk"])
def test_written_down_shapes_are_the_environments(env: str) -> None:
    made = gymnasium.make(ENVIRONMENT_IDS[env])
    space = made.observation_space
    assert isinstance(space, gymnasium.spaces.Dict)
    assert {name: space[name].shape for name in space} == {k: s for k, (s, _) in SHAPES[env].observations.items()}
    assert made.action_space == SHAPES[env].actions
    made.close()


def test_paper_scale_has_the_printed_hyperparameters(robodesk: Sizes, simple_shapes: Sizes) -> None:
    for env, sizes in (("robodesk", robodesk), ("simple_shapes", simple_shapes)):
        printed = {(table, name): v for (table, e, name), v in paper.hyperparameters().items() if e == env}
        for vae in sizes.representation.seen.values():
            assert vae.optimisation.batch_size == printed["VI", "batch_size"]
            assert vae.optimisation.steps == printed["VI", "steps"]
        assert sizes.representation.workspace.optimisation.batch_size == printed["X", "batch_size"]
        assert sizes.representation.workspace.optimisation.steps == printed["X", "steps"]
        for name in ("batch_size", "batch_length", "imagination_length"):
            assert getattr(sizes.dreaming, name) == printed["XVII", name]
