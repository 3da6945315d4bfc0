"""Whole pictures: near to the stock renderer's, the same in every process, and of other models than the desk."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest
from PIL import Image

from gwpipe.envs.rasteriser.baked import ShadowWindow
from gwpipe.envs.rasteriser.camera import FreeCamera
from gwpipe.envs.rasteriser.renderer import Renderer, build_stage
from gwpipe.envs.robodesk import RoboDesk
from gwpipe.envs.robodesk_opengl import available_backend
from gwpipe.envs.robodesk_picture import CROP, ExactPicture, FastPicture, resized

DATA = Path(__file__).parent / "data"
MEAN_BOUND, WORST_BOUND = 1.5, 2.5
"""Of the mean absolute difference (0 to 255) from the stock picture: over pictures, and of each."""


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).mean())


def put(env: RoboDesk, qpos: np.ndarray) -> None:
    env.desk.physics.data.qpos[:] = qpos
    env.desk.physics.forward()


@pytest.fixture(scope="module")
def env() -> RoboDesk:
    env = RoboDesk(observe=("attributes",))
    env.reset(seed=0)
    return env


@pytest.mark.parametrize("name", ["played", "scattered"])
def test_stored_stock_pictures_are_met(env: RoboDesk, name: str) -> None:
    put(env, np.array(json.loads((DATA / "robodesk_stock.json").read_text())[name]))
    with Image.open(DATA / f"robodesk_stock_{name}.png") as stored:
        stock = np.asarray(stored)
    assert difference(env.render(), stock) < MEAN_BOUND
    assert difference(env.render(), np.roll(stock, 1, axis=1)) > 5.0


@pytest.mark.opengl
@pytest.mark.skipif(available_backend() is None, reason="no EGL or OSMesa library to draw the stock picture with")
def test_fast_pictures_are_near_the_stock_ones(env: RoboDesk) -> None:
    rng = np.random.default_rng(5)
    exact, differences = ExactPicture(), []
    exact_env = RoboDesk(observe=("attributes",), fidelity="exact")
    for seed in range(4):
        exact_env.reset(seed=seed)
        for _ in range(5 * seed):
            exact_env.step(rng.uniform(-1, 1, 5))
        put(env, exact_env.desk.physics.data.qpos)
        differences.append(difference(env.render(), resized(exact.draw(exact_env.desk), 64)))
    exact_env.close()
    assert np.mean(differences) < MEAN_BOUND
    assert max(differences) < WORST_BOUND


def test_pictures_depend_on_the_state_alone_and_are_the_same_in_another_process(env: RoboDesk) -> None:
    env.reset(seed=3)
    first = env.render()
    env.step(np.ones(5))
    assert difference(env.render(), first) > 0.01
    env.reset(seed=3)
    np.testing.assert_array_equal(env.render(), first)
    program = (
        "import hashlib; from gwpipe.envs.robodesk import RoboDesk; env = RoboDesk()\n"
        "print(hashlib.sha256(env.reset(seed=3)[0]['image'].tobytes()).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(first.tobytes()).hexdigest()


def test_two_environments_share_the_model_and_the_stage_but_no_picture(env: RoboDesk) -> None:
    other = RoboDesk(observe=("attributes",))
    other.reset(seed=1)
    env.reset(seed=0)
    one, two = env.render(), other.render()
    assert env.desk.physics.model.ptr is other.desk.physics.model.ptr
    assert env._picture.renderer.stage is other._picture.renderer.stage  # type: ignore[union-attr]
    np.testing.assert_array_equal(env.render(), one)
    assert difference(one, two) > 1.0


@pytest.mark.parametrize(("light", "channel"), [("red_light", 0), ("green_light", 1), ("blue_light", 2)])
def test_a_lamp_shines_through_when_its_button_is_pressed(env: RoboDesk, light: str, channel: int) -> None:
    env.reset(seed=0)
    physics = env.desk.physics
    left, top = CROP[:2]
    colours = []
    for pressed in (0.0, -0.005):
        physics.named.data.qpos[light] = pressed
        physics.forward()
        crop = FastPicture(env.desk).draw(env.desk).astype(int)
        view = FastPicture(env.desk).renderer.stage.view
        column, row, w = view.matrix @ [*physics.named.data.xpos[light], 1.0]
        colours.append(crop[int(row / w) - top, int(column / w) - left])
    dark, shining = colours
    others = [other for other in range(3) if other != channel]
    assert abs(dark - dark.mean()).max() < 5
    assert shining[channel] > dark[channel] + 60
    assert shining[channel] > shining[others].max() + 60


TABLE = """
<mujoco>
  <visual><quality shadowsize="1024"/></visual>
  <statistic extent="2" center="0 0 0"/>
  <worldbody>
    <light directional="true" diffuse=".5 .5 .5" pos="0 0 2" dir="0 0 -1"/>
    <geom type="plane" size="2 2 .1" rgba=".5 .5 .5 1"/>
    <body name="ball" pos="0 0 .6"><joint type="slide" axis="1 0 0"/><geom size=".1" rgba="1 0 0 1"/></body>
    <body pos="-.6 .5 .2"><joint type="slide" axis="1 0 0"/><geom type="capsule" size=".05 .1" rgba="0 1 0 1"/></body>
    <body pos="0 -.5 .2"><geom type="box" size=".1 .1 .1" rgba="0 0 1 1"/></body>
  </worldbody>
</mujoco>
"""


def test_another_model_is_drawn_with_its_shadow() -> None:
    model = mujoco.MjModel.from_xml_string(TABLE)
    data = mujoco.MjData(model)
    camera = FreeCamera(distance=3.0, azimuth=90.0, elevation=-50.0, lookat=(0.0, 0.0, 0.0))
    window = ShadowWindow(centre=(0.0, 0.0, 0.3), half=0.9, texels=256)
    renderer = Renderer(build_stage(model, camera, 64, (0, 0, 64, 64), window))
    pictures = []
    for place in (0.0, 0.4):
        data.qpos[0] = place
        mujoco.mj_forward(model, data)
        pictures.append(renderer.draw(data).astype(int))
    view = renderer.stage.view

    def pixel(x: float, y: float, z: float) -> tuple[int, int]:
        column, row, w = view.matrix @ [x, y, z, 1.0]
        return int(row / w), int(column / w)

    for picture, place in zip(pictures, (0.0, 0.4)):
        red, green, blue = picture[pixel(place, 0.0, 0.65)]
        assert red > 100 > 60 > max(green, blue)
        under, beside = picture[pixel(place, 0.0, 0.0)], picture[pixel(-0.4, 0.0, 0.0)]
        assert (under < beside - 40).all()
        assert picture[pixel(0.0, -0.5, 0.3)].argmax() == 2
        assert picture[pixel(-0.6, 0.5, 0.3)].argmax() == 1
