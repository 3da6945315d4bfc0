"""Starts of RoboDesk's episodes that no task has: hand and objects anywhere, and what is said about mistakes."""

import numpy as np
import pytest
from test_robodesk import blind

from gwpipe.envs.robodesk_starts import REACH
from gwpipe.errors import UserError


def test_the_hand_may_begin_anywhere_on_the_same_desk() -> None:
    env = blind()
    hands = []
    for seed in range(40):
        usual, _ = env.reset(seed=seed)
        usual = usual["attributes"].copy()
        moved = env.reset(seed=seed, options={"hand": "anywhere"})[0]["attributes"]
        objects, speeds = (env.attribute_slices[name] for name in ("qpos_objects", "qvel_robot"))
        np.testing.assert_array_equal(moved[objects], usual[objects])
        assert not moved[speeds].any()
        hands.append(moved[env.attribute_slices["end_effector"]])
        again = env.reset(seed=seed, options={"hand": "anywhere"})[0]["attributes"]
        np.testing.assert_array_equal(again, moved)
    low, high = np.array(REACH)
    assert (low - 0.01 <= np.array(hands)).all()
    assert (np.array(hands) <= high + 0.01).all()
    assert (np.ptp(hands, axis=0) > 0.7 * (high - low)).all()
    # It stands still until it is told to move, and then goes where the action says.
    before = np.array(hands[-1])
    for _ in range(5):
        observation, *_ = env.step(np.zeros(5))
    still = observation["attributes"][env.attribute_slices["end_effector"]]
    assert np.linalg.norm(still - before) < 0.02
    for _ in range(8):
        observation, *_ = env.step(np.array([0, 0, 1, 0, 0]))
    risen = observation["attributes"][env.attribute_slices["end_effector"]]
    assert risen[2] > still[2] + 0.03


def test_what_lies_about_may_be_anywhere_under_the_same_hand() -> None:
    env = blind()
    parts = env.attribute_slices
    places, still, kept = [], [], 0
    for seed in range(40):
        usual = env.reset(seed=seed)[0]["attributes"].copy()
        moved = env.reset(seed=seed, options={"objects": "anywhere"})[0]["attributes"].copy()
        np.testing.assert_array_equal(moved[parts["qpos_robot"]], usual[parts["qpos_robot"]])
        assert not moved[parts["qvel_robot"]].any()
        assert not moved[parts["qvel_objects"]].any()
        again = env.reset(seed=seed, options={"objects": "anywhere"})[0]["attributes"]
        np.testing.assert_array_equal(again, moved)
        objects = moved[parts["qpos_objects"]]
        places.append(objects[8:].reshape(3, 7))
        np.testing.assert_allclose(np.linalg.norm(places[-1][:, 3:], axis=1), 1, atol=1e-4)
        # Nothing falls, rolls or slides on.
        later = env.step(np.zeros(5))[0]["attributes"][parts["qpos_objects"]]
        still.append(np.abs(later - objects)[8:].reshape(3, 7)[:, :3].max())
        kept += np.allclose(objects[0], usual[parts["qpos_objects"]][0], atol=1e-3)
    places = np.array(places)
    assert (places[..., 2] > 0).all()
    for x, z in zip(places[..., 0].T, places[..., 2].T):
        assert np.ptp(x) > 0.9
        assert 1 <= (z < 0.3).sum() <= 10  # on the floor
        assert (z > 0.74).sum() >= 25  # on desk or shelf
    assert max(still) < 0.002
    assert 20 <= kept <= 36
    both = env.reset(seed=3, options={"objects": "anywhere", "hand": "anywhere"})[0]["attributes"]
    np.testing.assert_allclose(both[parts["qpos_objects"]][8:].reshape(3, 7), places[3], atol=1e-6)


def test_progress_counts_from_where_things_were_put() -> None:
    env = blind(task="flat_block_off_table")
    for seed in range(6):
        env.reset(seed=seed, options={"objects": "anywhere"})
        np.testing.assert_array_equal(
            env.desk.original_pos["flat_block"], env.desk.physics.named.data.xpos["flat_block"]
        )


@pytest.mark.parametrize(("options", "message"), [
    ({"hand": "anywere"}, "unknown hand 'anywere'; did you mean 'anywhere'"),
    ({"hands": "anywhere"}, "unknown reset option 'hands'; did you mean 'hand'"),
])  # fmt: skip
def test_a_mistaken_reset_option_is_named(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        blind().reset(seed=0, options=options)
