"""What every environment must keep to, whatever it simulates."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import gwpipe.envs
from gwpipe.errors import UserError

SHORT = {"simple_shapes": {"episode_decisions": 4}, "robodesk": {"episode_decisions": 2, "action_repeat": 2}}
TASK = {"simple_shapes": "centre", "robodesk": "push_green"}
ENVIRONMENTS = sorted(gwpipe.envs.ENVIRONMENT_IDS)


def make(name: str, **kwargs: Any) -> gymnasium.Env:
    """Episodes of a few decisions; RoboDesk without pictures, which its own tests draw."""
    observe = ("image", "attributes") if name == "simple_shapes" else ("attributes",)
    settings = {"task": TASK[name], "observe": observe, **SHORT[name], **kwargs}
    return gymnasium.make(gwpipe.envs.ENVIRONMENT_IDS[name], **settings)


def play(env: gymnasium.Env, seed: int) -> list[tuple]:
    """One episode of seeded random actions."""
    observation, info = env.reset(seed=seed)
    env.action_space.seed(seed)
    steps = [(observation, 0.0, False, False, info)]
    while not (steps[-1][2] or steps[-1][3]):
        steps.append(env.step(env.action_space.sample()))
    return steps


@pytest.fixture(params=ENVIRONMENTS, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def env(name: str) -> gymnasium.Env:
    return make(name)


def test_gymnasium_checker_has_no_complaint(env: gymnasium.Env) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_observations_lie_in_the_declared_space(env: gymnasium.Env) -> None:
    for observation, *_ in play(env, 3):
        assert env.observation_space.contains(observation)
        assert observation["attributes"].dtype == np.float32


def test_truncates_itself_and_never_calls_a_time_limit_terminated(env: gymnasium.Env, name: str) -> None:
    steps = play(env, 5)
    assert len(steps) == 1 + SHORT[name]["episode_decisions"]
    assert [step[3] for step in steps[1:]] == [False] * (len(steps) - 2) + [True]
    assert not any(step[2] for step in steps)


def test_same_seed_same_episode(env: gymnasium.Env, name: str) -> None:
    first, again, other = play(env, 7), play(make(name), 7), play(env, 8)
    for before, after in zip(first, again, strict=True):
        for key, value in before[0].items():
            np.testing.assert_array_equal(value, after[0][key])
        assert before[1:4] == after[1:4]
    assert any(not np.array_equal(a[0]["attributes"], b[0]["attributes"]) for a, b in zip(first, other))


def test_stored_observations_do_not_change_later(env: gymnasium.Env) -> None:
    observation, _ = env.reset(seed=1)
    kept = {key: value.copy() for key, value in observation.items()}
    env.step(env.action_space.sample())
    for key, value in kept.items():
        np.testing.assert_array_equal(observation[key], value)


def test_success_is_a_plain_bool_in_every_decision(env: gymnasium.Env) -> None:
    assert all(isinstance(step[4]["success"], bool) for step in play(env, 2)[1:])


def test_states_how_many_steps_pass_in_a_decision(env: gymnasium.Env, name: str) -> None:
    assert env.unwrapped.action_repeat == SHORT[name].get("action_repeat", 1)


def test_leaving_a_domain_out_leaves_it_out_of_the_space(name: str) -> None:
    env = make(name, observe=("attributes",))
    assert set(env.observation_space.spaces) == set(env.reset(seed=0)[0]) == {"attributes"}


@pytest.mark.parametrize("wrong", [{"task": "fly"}, {"observe": ("sound",)}])
def test_unknown_names_are_refused_in_one_line(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError) as raised:
        make(name, **wrong)
    assert "\n" not in str(raised.value)
