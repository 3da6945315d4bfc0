"""The engine under every expert."""

import inspect
from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest

from gwpipe.errors import UserError
from gwpipe.experts.engine import CLOSED, OPEN, Expert, make_expert
from gwpipe.settings.environments import TASKS
from gwpipe.settings.experts import EXPERTS


class Still(Expert):
    """Does nothing by itself, so that single motions can be tried."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        yield from self.stay(CLOSED)


@pytest.fixture
def still(environment):
    env = environment(action_repeat=4)
    env.reset(seed=0)
    return Still(env), env


def perform(env, actions) -> int:
    """Carry out the actions; how many there were."""
    count = 0
    for action in actions:
        env.step(np.clip(action, -1.0, 1.0))
        count += 1
    return count


def test_noise_comes_from_the_given_generator_alone(environment) -> None:
    def actions(seed: int, noise: float) -> list:
        env = environment()
        env.reset(seed=0)
        expert = make_expert(env, noise)
        expert.reset(np.random.default_rng(seed))
        taken = []
        for _ in range(5):
            taken.append(expert.act())
            env.step(taken[-1])
        return taken

    np.testing.assert_array_equal(actions(1, 0.2), actions(1, 0.2))
    assert not np.array_equal(actions(1, 0.2), actions(2, 0.2))
    np.testing.assert_array_equal(actions(1, 0.0), actions(2, 0.0))


def test_toward_is_a_full_step_far_away_and_none_at_the_point(still) -> None:
    expert, _ = still
    tip = expert.tip()
    np.testing.assert_allclose(expert.toward(tip, CLOSED), [0, 0, 0, 0, -1], atol=1e-9)
    np.testing.assert_allclose(expert.toward(tip + np.array([1, -1, 0.0028]), CLOSED), [1, -1, 0.5, 0, -1], atol=1e-9)


def test_a_full_action_moves_the_tip_about_as_far_as_the_engine_believes(still) -> None:
    expert, env = still
    for _ in range(3):
        env.step(np.array([0, 0, 1.0, 0, -1]))
    before = env.unwrapped.desk.physics.named.data.site_xpos["end_effector"].copy()
    env.step(np.array([0, 0, 1.0, 0, -1]))
    moved = env.unwrapped.desk.physics.named.data.site_xpos["end_effector"][2] - before[2]
    assert moved == pytest.approx(expert._decision, rel=0.3)


def test_reach_ends_at_the_point_or_at_its_limit(still) -> None:
    expert, env = still
    goal = expert.tip() + np.array([0.03, 0.02, 0.03])
    assert 3 < perform(env, expert.reach(goal, CLOSED, near=0.005)) < 15
    assert np.linalg.norm(expert.tip() - goal) < 0.005
    assert perform(env, expert.reach(goal + 1.0, CLOSED, limit=4)) == 4


@pytest.mark.parametrize("across", ["level", "steep"])
def test_the_wrist_turns_until_the_fingers_lie_across(still, across) -> None:
    expert, env = still
    direction = getattr(expert, across)
    place = expert.tip().copy()
    count = perform(env, expert.reach(place, OPEN, direction, near=0.02))
    fingers = env.unwrapped.desk.physics.named.data.site_xmat["end_effector"].reshape(3, 3)[:, 1]
    assert count < 60
    assert abs(fingers @ direction()) > 0.99
    assert direction() @ expert.axis() == pytest.approx(0.0, abs=1e-9)
    assert (abs(fingers[2]) < 0.12) == (across == "level")


def test_rest_holds_the_place_while_the_gripper_moves(still) -> None:
    expert, env = still
    place = expert.tip().copy()
    perform(env, expert.rest(10, OPEN))
    assert np.linalg.norm(expert.tip() - place) < 0.005
    assert env.unwrapped.desk.physics.data.qpos[7:9].sum() == pytest.approx(0.08, abs=0.003)


def test_every_named_expert_exists_and_says_its_task(environment) -> None:
    assert set(EXPERTS) == set(TASKS["robodesk"])
    for task in EXPERTS:
        expert = make_expert(environment(task=task))
        assert inspect.getmodule(type(expert)).__name__ == EXPERTS[task].split(":")[0]
        assert task in inspect.getdoc(inspect.getmodule(type(expert))).split(":")[0]


def test_a_task_without_an_expert_names_those_that_have_one(environment) -> None:
    with pytest.raises(UserError, match=r"no scripted expert for task 'centre'.*push_green") as caught:
        make_expert(gymnasium.make("gwpipe/SimpleShapes-v0"))
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="at least 0, not -1"):
        make_expert(environment(), noise=-1.0)


def test_act_before_reset_is_refused(environment) -> None:
    with pytest.raises(RuntimeError, match="before act"):
        make_expert(environment()).act()
