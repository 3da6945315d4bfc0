"""RoboDesk behind Gymnasium: contract, determinism, the package's faults and what is said about mistakes."""

import os
import pickle
import re
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import gwpipe.envs  # noqa: F401 - registers
from gwpipe.envs import robodesk_opengl
from gwpipe.envs.robodesk import ATTRIBUTE_SLICES, CORE_TASKS, EXTRA_TASKS, TASKS, UPSTREAM_ATTRIBUTE_SLICES, RoboDesk
from gwpipe.envs.robodesk_desk import package
from gwpipe.errors import UserError


def blind(**settings: object) -> RoboDesk:
    return RoboDesk(observe=("attributes",), **settings)  # type: ignore[arg-type]


def moved_up(env: RoboDesk, body: str, height: float) -> None:
    env.desk.physics.named.data.qpos[body][2] += height
    env.desk.physics.forward()


def test_passes_gymnasiums_own_checks() -> None:
    check_env(gymnasium.make("gwpipe/RoboDesk-v0", episode_decisions=20).unwrapped)


def test_registered_name_makes_it_with_the_documented_spaces() -> None:
    env = gymnasium.make("gwpipe/RoboDesk-v0", action_repeat=1)
    assert env.action_space == gymnasium.spaces.Box(-1.0, 1.0, (5,), np.float32)
    observation, info = env.reset(seed=0)
    assert observation["image"].shape == (64, 64, 3)
    assert observation["image"].dtype == np.uint8
    assert observation["attributes"].shape == (76,)
    assert observation["attributes"].dtype == np.float32
    assert info == {"success": False}


def test_attributes_are_the_state_in_the_documented_places() -> None:
    env = blind()
    attributes = env.reset(seed=4)[0]["attributes"]
    physics = env.desk.physics
    expected = {
        "qpos_robot": physics.data.qpos[:9],
        "qvel_robot": physics.data.qvel[:9],
        "end_effector": physics.named.data.site_xpos["end_effector"],
        "qpos_objects": physics.data.qpos[9:],
        "qvel_objects": physics.data.qvel[9:],
    }
    assert list(ATTRIBUTE_SLICES) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(attributes[ATTRIBUTE_SLICES[name]], np.asarray(values, dtype=np.float32))
    ball = attributes[ATTRIBUTE_SLICES["qpos_objects"]][8:11]
    np.testing.assert_allclose(ball, physics.named.data.xpos["ball"], atol=1e-6)
    names = ["drawer_joint", "slide_joint", "red_button", "green_button", "blue_button", "red_light"]
    assert [int(physics.model.jnt_qposadr[physics.model.name2id(name, "joint")]) for name in names] == [*range(9, 15)]


def test_tasks_are_the_packages() -> None:
    assert len(CORE_TASKS) == len(EXTRA_TASKS) == 9
    assert sorted(TASKS) == sorted(blind().desk.reward_functions)


def test_same_seed_same_episode_and_the_global_generator_is_left_alone() -> None:
    runs = []
    for _ in range(2):
        env = blind(task="lift_ball")
        state = np.random.get_state()[1].copy()  # noqa: NPY002
        first = env.reset(seed=11)[0]["attributes"]
        second_episode = env.reset()[0]["attributes"]
        rng = np.random.default_rng(0)
        steps = [env.step(rng.uniform(-1, 1, 5)) for _ in range(5)]
        np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
        runs.append((first, second_episode, steps[-1][0]["attributes"], [step[1] for step in steps]))
    for one, other in zip(*runs):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(runs[0][0], runs[0][1])
    np.random.seed(123)  # noqa: NPY002 - the start must not follow from it
    np.testing.assert_array_equal(blind(task="lift_ball").reset(seed=11)[0]["attributes"], runs[0][0])


def test_rewards_and_attributes_of_upstream_are_the_packages_to_the_last_bit() -> None:
    env = blind(task="open_slide", upstream=True, action_repeat=3)
    observation, _ = env.reset(seed=2)
    assert observation["attributes"].shape == (73,)
    shipped = blind(task="open_slide", upstream=True).desk
    shipped.action_repeat = 3
    shipped.begin(int(np.random.default_rng(np.random.SeedSequence(2)).integers(2**32)))
    for action in np.random.default_rng(1).uniform(-1, 1, (4, 5)):
        observation, reward, *_ = env.step(action)
        assert reward == float(shipped.step(action)[1])
    np.testing.assert_array_equal(env.desk.physics.data.qpos, shipped.physics.data.qpos)
    part = UPSTREAM_ATTRIBUTE_SLICES
    velocities = observation["attributes"][part["qvel_objects"]]
    np.testing.assert_array_equal(observation["attributes"][part["qpos_objects"]], velocities)


class Stock(package.RoboDesk):
    """The installed package as it is, less its pictures."""

    def _get_obs(self) -> dict[str, np.ndarray]:
        return {}

    def begin(self, task: str, seed: int) -> None:
        """The start that our environment takes from the same seed."""
        self.task = task
        np.random.seed(np.random.default_rng(np.random.SeedSequence(seed)).integers(2**32))  # noqa: NPY002
        self.reset()

    def rewards(self) -> list[float]:
        return [float(np.squeeze(self._get_task_reward(self.task, kind))) for kind in ("dense_reward", "success")]


@pytest.fixture(scope="module")
def stock() -> Stock:
    return Stock(task="stack", reward="dense", action_repeat=4, episode_length=0)


FOLLOWS_A_START = {"ball_off_table", "upright_block_off_table", "flat_block_off_table"} | {
    task for task in TASKS if task.startswith("lift_") or task.endswith("_in_shelf")
}


@pytest.mark.parametrize("task", TASKS)
def test_physics_rewards_and_success_are_the_packages_but_for_its_faults(stock: Stock, task: str) -> None:
    ours, mended = blind(task=task, upstream=True), blind(task=task)
    stock.begin(task, 7)
    ours.reset(seed=7)
    mended.reset(seed=7)
    for action in np.random.default_rng(2).uniform(-1, 1, (4, 5)):
        expected = stock.step(action)[1]
        _, reward, _, _, info = ours.step(action)
        assert (reward, info["success"]) == (float(expected), bool(stock.rewards()[1]))
        np.testing.assert_array_equal(ours.desk.physics.data.qpos, stock.physics.data.qpos)
        np.testing.assert_array_equal(ours.desk.physics.data.qvel, stock.physics.data.qvel)
        # Where objects started is all that is mended, and they have only settled yet.
        assert mended.step(action)[1] == pytest.approx(reward, abs=0.05 if task in FOLLOWS_A_START else 0)
        np.testing.assert_array_equal(mended.desk.physics.data.qpos, stock.physics.data.qpos)
    named = stock.physics.named.data
    for body, height in (("ball", 0.1), ("flat_block", 0.12), ("upright_block", 0.14)):
        named.qpos[body][2] += height
        moved_up(ours, body, height)
        moved_up(mended, body, height)
    stock.physics.forward()
    assert [ours.desk._get_task_reward(task, kind) for kind in ("dense_reward", "success")] == stock.rewards()
    responds = abs(mended.desk._get_task_reward(task, "dense_reward") - stock.rewards()[0])
    if task in FOLLOWS_A_START:
        assert responds > 0.01, "the mended reward sees that objects have left their places"
    if task.startswith("push_"):
        assert responds == 0, "a button knows of no object"


@pytest.mark.parametrize(("task", "upstream"), [("lift_ball", False), ("open_drawer", False), ("stack", True)])
def test_a_saved_episode_goes_on_elsewhere_bit_for_bit(task: str, upstream: bool) -> None:
    env = blind(task=task, upstream=upstream, reward="success")
    env.reset(seed=4)
    actions = np.random.default_rng(0).uniform(-1, 1, (12, 5))
    for action in actions[:6]:
        env.step(action)
    kept = pickle.dumps(env.state())
    told = [env.step(action) for action in actions[6:]]
    after = env.reset()[0]
    for other in (env, blind(task=task, upstream=upstream, reward="success")):
        here = other.restore(pickle.loads(kept))
        np.testing.assert_array_equal(here["attributes"], other.restore(pickle.loads(kept))["attributes"])
        for action, (observation, reward, _, truncated, info) in zip(actions[6:], told):
            again = other.step(action)
            np.testing.assert_array_equal(again[0]["attributes"], observation["attributes"])
            assert (again[1], again[3], again[4]) == (reward, truncated, info)
        np.testing.assert_array_equal(other.reset()[0]["attributes"], after["attributes"])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"task": "lift_ball"}, "is of task stack, the environment of lift_ball"),
        ({"upstream": True}, "is of upstream False, the environment of True"),
        ({"reward": "sparse"}, "is of reward dense, the environment of sparse"),
        ({"action_repeat": 2}, "is of action_repeat 4, the environment of 2"),
        ({"episode_decisions": 20}, "is of episode_decisions 500, the environment of 20"),
    ],
)
def test_a_state_of_another_environment_is_refused(other: dict, message: str) -> None:
    env = blind(task="stack")
    env.reset(seed=0)
    with pytest.raises(UserError, match=message):
        blind(**{"task": "stack"} | other).restore(env.state())


@pytest.mark.parametrize("state", [None, {}, {"desk": {}}])
def test_what_is_no_state_is_refused(state: object) -> None:
    with pytest.raises(UserError, match="that is no state"):
        blind().restore(state)


def test_processes_step_side_by_side_and_hand_observations_over_in_shared_memory() -> None:
    arguments = {"task": "lift_ball", "observe": ("attributes",)}
    several = gymnasium.make_vec(
        "gwpipe/RoboDesk-v0", num_envs=2, vectorization_mode="async", vector_kwargs={"shared_memory": True}, **arguments
    )
    try:
        first, _ = several.reset(seed=[3, 4])
        actions = np.random.default_rng(0).uniform(-1, 1, (2, 2, 5)).astype(np.float32)
        steps = [several.step(pair) for pair in actions]
    finally:
        several.close()
    for place, seed in enumerate((3, 4)):
        alone = blind(task="lift_ball")
        np.testing.assert_array_equal(alone.reset(seed=seed)[0]["attributes"], first["attributes"][place])
        for pair, (observations, rewards, *_) in zip(actions, steps):
            observation, reward, *_ = alone.step(pair[place])
            np.testing.assert_array_equal(observation["attributes"], observations["attributes"][place])
            assert reward == rewards[place]


@pytest.mark.parametrize("upstream", [False, True])
def test_lifting_pays_only_when_the_starting_place_is_a_copy(upstream: bool) -> None:
    env = blind(task="lift_ball", upstream=upstream)
    env.reset(seed=0)
    before = env.desk._get_task_reward("lift_ball", "dense_reward")
    moved_up(env, "ball", 0.08)
    gain = env.desk._get_task_reward("lift_ball", "dense_reward") - before
    assert (gain < 0.05) if upstream else (gain > 0.6)
    assert env.desk.solved()


def test_off_table_sees_that_another_block_was_moved() -> None:
    env = blind(task="ball_off_table")
    env.reset(seed=0)
    moved_up(env, "ball", -0.5)
    assert env.desk.solved()
    moved_up(env, "flat_block", 0.05)
    assert not env.desk.solved()


@pytest.mark.parametrize("reward", ["dense", "sparse", "success"])
def test_success_is_told_whatever_the_reward(reward: str) -> None:
    env = blind(task="lift_ball", reward=reward)
    env.reset(seed=0)
    moved_up(env, "ball", 0.3)
    _, first, _, _, info = env.step(np.zeros(5))
    assert info["success"] is True
    assert {"dense": first > 2, "sparse": first == 4.0, "success": first == 1.0}[reward]
    moved_up(env, "ball", 0.3)
    _, second, _, _, info = env.step(np.zeros(5))
    assert info["success"] is True
    assert second == (0.0 if reward == "success" else pytest.approx(first, abs=1))


def test_episode_is_truncated_never_terminated() -> None:
    env = blind(episode_decisions=3, action_repeat=1)
    env.reset(seed=0)
    assert [env.step(np.zeros(5))[2:4] for _ in range(3)] == [(False, False), (False, False), (False, True)]
    env.reset()
    assert not env.step(np.zeros(5))[3]


def test_observations_are_copies() -> None:
    env = blind()
    kept = env.reset(seed=0)[0]["attributes"]
    copy = kept.copy()
    env.step(np.ones(5))
    np.testing.assert_array_equal(kept, copy)


def test_gymnasium_raises_a_worker_s_mistake_again() -> None:
    """As `AsyncVectorEnv` does: the class called with the exception that came out of the process."""
    with pytest.raises(UserError, match="unknown hand 'nowhere'; did you mean 'anywhere'") as raised:
        blind().reset(options={"hand": "nowhere"})
    assert str(type(raised.value)(raised.value)) == str(raised.value)


def test_reset_options_are_a_dictionary() -> None:
    with pytest.raises(UserError, match=r"reset options are a dictionary, .* not 'anywhere'"):
        blind().reset(options="anywhere")


def test_actions_are_clipped_and_a_broken_one_is_refused() -> None:
    results = []
    for size in (1.0, 7.0):
        env = blind()
        env.reset(seed=5)
        results.append(env.step(np.full(5, size))[0]["attributes"])
    np.testing.assert_array_equal(*results)
    with pytest.raises(ValueError, match="5 finite numbers"):
        env.step(np.array([0, 0, 0, np.nan, 0]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "push_gren"}, "did you mean 'push_green'"),
        ({"reward": "densely"}, "did you mean 'dense'"),
        ({"fidelity": "slow"}, "valid here: fast, exact"),
        ({"observe": ("pictures",)}, "unknown observe 'pictures'"),
        ({"observe": ()}, "'image', 'attributes' or both"),
        ({"observe": "image"}, "'image', 'attributes' or both"),
        ({"observe": None}, "'image', 'attributes' or both"),
        ({"action_repeat": 0}, "action_repeat must be a whole number and at least 1, not 0"),
        ({"action_repeat": 1.5}, "action_repeat must be a whole number and at least 1, not 1.5"),
        ({"episode_decisions": None}, "episode_decisions must be a whole number"),
        ({"image_size": "64"}, "image_size must be a whole number and at least 1, not '64'"),
        ({"image_size": True}, "image_size must be a whole number"),
        ({"upstream": "yes"}, "upstream must be True or False, not 'yes'"),
    ],
)
def test_a_mistake_is_named_in_one_line(settings: dict, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        RoboDesk(**settings)
    assert "\n" not in str(caught.value)


def test_exact_pictures_without_opengl_name_the_packages_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(robodesk_opengl, "_loads", lambda library: False)
    monkeypatch.setattr("gwpipe.envs.robodesk.Desk", None)
    with pytest.raises(UserError, match=r"libegl1 libegl-mesa0 libgl1-mesa-dri libgl1.*libosmesa6") as caught:
        RoboDesk(fidelity="exact")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("chosen", "expected"), [("osmesa", "osmesa"), ("disabled", None), ("glfw", "glfw")])
def test_the_users_choice_of_opengl_is_kept(chosen: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", chosen)
    monkeypatch.setattr(robodesk_opengl, "_loads", lambda library: True)
    assert robodesk_opengl.available_backend() == expected


def test_opengl_that_loads_but_cannot_draw_names_the_packages_before_any_work() -> None:
    program = (
        "from gwpipe.envs.robodesk import RoboDesk\n"
        "from gwpipe.errors import UserError\n"
        "try:\n"
        "    RoboDesk(fidelity='exact')\n"
        "except UserError as fault:\n"
        "    print(fault)\n"
    )
    without = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    words = [sys.executable, "-c", program]
    run = subprocess.run(words, env=without | {"MUJOCO_GL": "glfw"}, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"fidelity='exact' .* glfw does not start \(.+\): on Debian install .*\n", run.stdout)
    assert run.stderr == ""


def test_importing_and_stepping_prints_nothing_and_opens_no_opengl() -> None:
    program = (
        "import gymnasium, numpy, os, pathlib, gwpipe.envs\n"
        "env = gymnasium.make('gwpipe/RoboDesk-v0', observe=('attributes',), disable_env_checker=True)\n"
        "env.reset(seed=0); env.step(numpy.ones(5))\n"
        "maps = pathlib.Path('/proc/self/maps')\n"
        "libraries = maps.read_text() if maps.exists() else ''\n"
        "assert not any(name in libraries for name in ('libEGL', 'libOSMesa', 'libglfw', 'libGL.', 'libOpenGL'))\n"
        "assert 'MUJOCO_GL' not in os.environ\n"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
