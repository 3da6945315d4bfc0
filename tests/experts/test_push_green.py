"""The push_green expert and the engine under it."""

import gymnasium
import numpy as np
import pytest

import gwpipe.envs  # noqa: F401 - registers
from gwpipe.errors import UserError
from gwpipe.experts.engine import CLOSED, make_expert
from gwpipe.experts.push_green import PushGreen
from gwpipe.settings.experts import EXPERTS


def environment(**settings: object) -> gymnasium.Env:
    return gymnasium.make("gwpipe/RoboDesk-v0", observe=("attributes",), disable_env_checker=True, **settings)


def successes(seed: int, decisions: int, noise: float = 0.0) -> np.ndarray:
    env = environment(episode_decisions=decisions)
    env.reset(seed=seed)
    expert = make_expert(env, noise)
    expert.reset(np.random.default_rng(seed))
    told = []
    for _ in range(decisions):
        action = expert.act()
        assert env.action_space.contains(action)
        told.append(env.step(action)[4]["success"])
    return np.array(told)


def test_presses_the_button_and_keeps_it_pressed() -> None:
    told = successes(seed=1002, decisions=180)
    first = int(told.argmax())
    assert told.any()
    assert first < 110
    assert told[first:].mean() > 0.95


def test_noise_comes_from_the_given_generator_alone() -> None:
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


def test_toward_is_a_full_step_far_away_and_none_at_the_point() -> None:
    env = environment()
    env.reset(seed=0)
    expert = make_expert(env)
    tip = expert.tip()
    np.testing.assert_allclose(expert.toward(tip, CLOSED), [0, 0, 0, 0, -1], atol=1e-9)
    np.testing.assert_allclose(expert.toward(tip + np.array([1, -1, 0.0028]), CLOSED), [1, -1, 0.5, 0, -1], atol=1e-9)


def test_a_full_action_moves_the_tip_about_as_far_as_the_engine_believes() -> None:
    env = environment(action_repeat=4)
    env.reset(seed=0)
    expert = make_expert(env)
    for _ in range(3):
        env.step(np.array([0, 0, 1.0, 0, -1]))
    before = env.unwrapped.desk.physics.named.data.site_xpos["end_effector"].copy()
    env.step(np.array([0, 0, 1.0, 0, -1]))
    moved = env.unwrapped.desk.physics.named.data.site_xpos["end_effector"][2] - before[2]
    assert moved == pytest.approx(expert._decision, rel=0.3)


def test_every_named_expert_exists() -> None:
    assert list(EXPERTS) == ["push_green"]
    for task in EXPERTS:
        assert isinstance(make_expert(environment(task=task)), PushGreen)


def test_a_task_without_an_expert_names_those_that_have_one() -> None:
    with pytest.raises(UserError, match=r"no scripted expert for task 'stack'.*push_green") as caught:
        make_expert(environment(task="stack"))
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="at least 0, not -1"):
        make_expert(environment(), noise=-1.0)


def test_act_before_reset_is_refused() -> None:
    with pytest.raises(RuntimeError, match="before act"):
        make_expert(environment()).act()


@pytest.mark.slow
def test_succeeds_on_nineteen_of_twenty_seeds() -> None:
    first = []
    for seed in range(20):
        told = successes(seed=1000 + seed, decisions=500)
        first.append(int(told.argmax()) + 1 if told.any() else 500)
    assert sum(decision < 500 for decision in first) >= 19
    assert np.median(first) < 90
