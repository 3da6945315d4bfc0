import itertools
import math
from typing import Any

import matplotlib
import numpy as np
import pytest

from gwpipe.envs.shape_drawing import coverage, draw
from gwpipe.envs.simple_shapes import SimpleShapes, denormalise, normalise, sample_attributes
from gwpipe.errors import UserError

WHITE = (255, 255, 255)


def row(shape: int, x: float, y: float, size: float, rotation: float = 0.0) -> np.ndarray:
    return np.array([[shape, x, y, size, rotation, *WHITE]], dtype=float)


def start(**attributes: Any) -> SimpleShapes:
    env = SimpleShapes()
    env.reset(seed=0, options={"attributes": attributes})
    return env


# Drawing


def test_coverage_sums_to_the_area_of_the_shape() -> None:
    """Kite: half the product of its diagonals (1 × 1); triangle: 0.6 × 1 / 2; whatever the rotation."""
    for rotation in (0.0, 0.4, 2.0):
        assert coverage(row(0, 16.3, 15.8, 10, rotation)).sum() == pytest.approx(50.0)
        assert coverage(row(2, 16.3, 15.8, 10, rotation)).sum() == pytest.approx(30.0)


def test_coverage_of_single_pixels() -> None:
    """A triangle of size 10 at the centre: base at y = 11 from 13 to 19, apex at (16, 21)."""
    picture = coverage(row(2, 16, 16, 10))[0]
    assert picture[20, 15] == pytest.approx(1.0)
    assert picture[21].sum() == 0
    assert picture[20, 13] == pytest.approx(1 - 0.3 / 2)
    assert picture[11, 15] == pytest.approx(0.5 * 0.3)
    assert picture[10].sum() == 0
    np.testing.assert_allclose(picture, picture[:, ::-1], atol=1e-12)


def test_leaving_the_frame_cuts_the_shape_on_every_side() -> None:
    """Half of a kite is outside when its axis of symmetry lies on the frame."""
    assert coverage(row(0, 0, 16, 10)).sum() == pytest.approx(25.0)
    assert coverage(row(0, 32, 16, 10)).sum() == pytest.approx(25.0)
    assert coverage(row(0, 16, 0, 10, math.pi / 2)).sum() == pytest.approx(25.0)
    assert coverage(row(0, 16, 32, 10, math.pi / 2)).sum() == pytest.approx(25.0)
    assert coverage(row(1, 140, -60, 14)).sum() == 0


def test_up_is_up_and_turns_are_counter_clockwise() -> None:
    def centre(rotation: float, y: float = 16) -> tuple[float, float]:
        picture = coverage(row(2, 16, y, 14, rotation))[0]
        rows, columns = np.mgrid[:32, :32]
        return (picture * columns).sum() / picture.sum(), (picture * rows).sum() / picture.sum()

    assert centre(0, 20)[1] == pytest.approx(centre(0, 16)[1] - 4)
    assert centre(math.pi / 2)[0] > 16.5, "with the tip to the left, the base is on the right"


def test_colour_is_coverage_times_colour_on_black() -> None:
    raw = row(1, 16, 16, 12)
    raw[0, 5:] = (200, 100, 7)
    expected = np.rint(coverage(raw)[0][..., None] * np.array([200, 100, 7]))
    np.testing.assert_array_equal(draw(raw)[0], expected)


def test_batches_equal_single_pictures() -> None:
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(20)])
    np.testing.assert_array_equal(draw(raw), np.concatenate([draw(one[None]) for one in raw]))


def published_picture(raw: np.ndarray) -> np.ndarray:
    """The data-set repository's way of drawing: 32 × 32 inch at one dot an inch, through Agg."""
    from matplotlib import pyplot
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    right = [(0.5, 0), (0.8, 0), (0.9, 0.1), (0.9, 0.3), (0.9, 0.5), (0.7, 1), (0.5, 1)]
    left = [(0.3, 1), (0.1, 0.5), (0.1, 0.3), (0.1, 0.1), (0.2, 0), (0.5, 0)]
    outlines = [[(0.5, 0), (1, 0.3), (0.5, 1), (0, 0.3)], right + left, [(0.5, 1), (0.2, 0), (0.8, 0)]]
    unit = outlines[int(raw[0])]
    cos, sin = math.cos(raw[4]), math.sin(raw[4])
    points = raw[1:3] + raw[3] * (np.array(unit) - 0.5) @ np.array([[cos, sin], [-sin, cos]])
    codes = [Path.MOVETO] + [Path.CURVE4 if raw[0] == 1 else Path.LINETO] * (len(points) - 1) + [Path.CLOSEPOLY]
    figure, axes = pyplot.subplots(figsize=(32, 32), dpi=1, facecolor="black")
    axes.add_patch(PathPatch(Path([*points, points[0]], codes), facecolor=tuple(raw[5:] / 255), linewidth=0))
    axes.set(xlim=(0, 32), ylim=(0, 32), xticks=[], yticks=[], facecolor="black")
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.tight_layout(pad=0)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)
    pyplot.close(figure)
    return picture


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_pictures_equal_the_published_ones() -> None:
    """Agg counts in 256ths of a pixel; exact areas differ from it by 3/255 at most."""
    matplotlib.use("Agg")
    rng = np.random.default_rng(1)
    raw = np.stack([sample_attributes(rng) for _ in range(30)])
    assert set(raw[:, 0]) == {0, 1, 2}
    published = np.stack([published_picture(one) for one in raw])
    assert np.abs(draw(raw) - published).max() <= 4


# Attributes


def test_normalisation_of_the_data_set_repository() -> None:
    vector = normalise([1, 7, 24, 14, math.pi / 2, 0, 255, 51])
    np.testing.assert_allclose(vector, [0, 1, 0, -1, 8 / 9, 1, 0, 1, -1, 1, -0.6], atol=1e-6)
    assert vector.dtype == np.float32


def test_denormalise_is_the_inverse() -> None:
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(200)])
    np.testing.assert_allclose(denormalise(normalise(raw)), raw, atol=1e-4)


def test_attributes_are_drawn_from_the_published_ranges() -> None:
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(3000)])
    assert [set(raw[:, column]) for column in (0, 1, 2, 3)] == [
        {0, 1, 2},
        set(range(7, 25)),
        set(range(7, 25)),
        set(range(7, 15)),
    ]
    assert raw[:, 4].min() >= 0
    assert raw[:, 4].mean() == pytest.approx(math.pi, abs=0.1)
    lightness = (raw[:, 5:].max(1) + raw[:, 5:].min(1)) / 2
    assert lightness.min() >= 45
    assert lightness.max() >= 250


# The environment


@pytest.mark.parametrize(
    ("action", "column", "change"),
    [(1, 1, 1), (2, 2, 1), (3, 1, -1), (4, 2, -1), (5, 4, math.pi / 32), (6, 4, -math.pi / 32)],
)
def test_each_action_changes_one_attribute(action: int, column: int, change: float) -> None:
    env = start(x=12, y=14, rotation=1.0)
    before = env.raw.copy()
    env.step(np.int64(action))
    before[column] += change
    np.testing.assert_allclose(env.raw, before)


def test_reward_is_minus_distance_minus_ten_angles() -> None:
    env = start(x=13, y=12, rotation=2 * math.pi - 0.5)
    assert env.step(np.int64(0))[1] == pytest.approx(-5 - 10 * 0.5)
    assert env.step(np.int64(1))[1] == pytest.approx(-math.sqrt(4 + 16) - 5)


def test_terminates_only_when_exactly_centred_and_nearly_upright() -> None:
    limit = math.pi / 32
    for x, rotation, expected in [(15, limit - 1e-6, True), (15, limit + 1e-6, False), (14, 0.0, False)]:
        _, _, terminated, _, info = start(x=x, y=16, rotation=rotation).step(np.int64(1))
        assert terminated == info["success"] == expected


def test_reaching_the_goal_at_the_limit_is_terminated_and_not_truncated() -> None:
    env = SimpleShapes(episode_decisions=1)
    env.reset(options={"attributes": {"x": 15, "y": 16, "rotation": 0}})
    assert env.step(np.int64(1))[2:4] == (True, False)


def test_the_position_is_not_clamped() -> None:
    env = start(x=31, y=16)
    for _ in range(20):
        observation = env.step(np.int64(1))[0]
    assert env.raw[1] == 51
    assert env.observation_space.contains(observation)
    assert observation["image"].max() == 0


def test_doing_nothing_earns_what_the_geometry_says() -> None:
    """Mean over resets of −100 · (distance + 10 · angle): −2,274 in 2,000 published episodes."""
    env = SimpleShapes(observe=("attributes",))
    returns = []
    for seed in range(2000):
        env.reset(seed=seed)
        returns.append(100 * env.step(np.int64(0))[1])
    assert np.mean(returns) == pytest.approx(-2274, abs=40)


def test_turn_first_then_move_succeeds_in_about_24_steps() -> None:
    lengths = []
    for seed in range(200):
        env = SimpleShapes(observe=("attributes",))
        env.reset(seed=seed)
        for length in itertools.count(1):
            angle = math.remainder(env.raw[4], 2 * math.pi)
            offset = env.raw[1:3] - 16
            if abs(angle) >= math.pi / 32:
                action = 6 if angle > 0 else 5
            elif offset[0]:
                action = 3 if offset[0] > 0 else 1
            else:
                action = 4 if offset[1] > 0 else 2
            if env.step(np.int64(action))[2]:
                break
            assert length < 60
        lengths.append(length)
    assert np.mean(lengths) == pytest.approx(24.4, abs=1.5)


# Reset options


def test_options_fix_what_they_name_and_leave_the_rest_as_drawn() -> None:
    plain, fixed = SimpleShapes(), SimpleShapes()
    plain.reset(seed=4)
    fixed.reset(seed=4, options={"attributes": {"shape": "egg", "x": 3.5, "colour": (1, 2, 3), "rotation": 7.0}})
    np.testing.assert_allclose(fixed.raw[[0, 1, 4, 5, 6, 7]], [1, 3.5, 7.0 - 2 * math.pi, 1, 2, 3])
    np.testing.assert_array_equal(fixed.raw[[2, 3]], plain.raw[[2, 3]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute": {}}, "unknown reset option 'attribute'"),
        ({"attributes": {"colr": (1, 2, 3)}}, "unknown attribute 'colr'"),
        ({"attributes": {"shape": "square"}}, "one of diamond, egg, triangle or 0, 1, 2, not 'square'"),
        ({"attributes": {"shape": 3}}, "not 3"),
        ({"attributes": {"x": 33}}, "a number 0…32"),
        ({"attributes": {"y": "up"}}, "not 'up'"),
        ({"attributes": {"size": 20}}, "a number 7…14"),
        ({"attributes": {"rotation": math.nan}}, "a finite number"),
        ({"attributes": {"colour": (1, 2)}}, "three numbers 0…255"),
        ({"attributes": {"colour": 5}}, "three numbers 0…255"),
    ],
)
def test_bad_options_are_refused_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        SimpleShapes().reset(options=options)
    assert "\n" not in str(raised.value)


def test_render_draws_whatever_is_observed() -> None:
    env = SimpleShapes(observe=("attributes",), render_mode="rgb_array")
    env.reset(seed=0)
    np.testing.assert_array_equal(env.render(), draw(env.raw[None])[0])
