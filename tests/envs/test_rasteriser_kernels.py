"""The rasteriser's parts, each against what is known of it."""

import mujoco
import numpy as np
import pytest

from gwpipe.envs.rasteriser import casters
from gwpipe.envs.rasteriser.camera import FreeCamera, updated_scene, view_of
from gwpipe.envs.rasteriser.crossing import crossing_weights
from gwpipe.envs.rasteriser.meshes import solid_of
from gwpipe.envs.rasteriser.raster import cover, project
from gwpipe.envs.rasteriser.scene import content_of
from gwpipe.envs.rasteriser.shadows import FAR, cast, light_axes, look_from_light, map_matrix
from gwpipe.envs.rasteriser.textures import cube_face, face_coordinates, look_up, mip_chain, textures_of
from gwpipe.errors import UserError

CAMERA = FreeCamera(distance=2.0, azimuth=90.0, elevation=-60.0, lookat=(0.1, 0.2, 0.3))

SHAPES = {
    "sphere": ('size="0.3"', 4 / 3 * np.pi * 0.3**3, 0.04),
    "ellipsoid": ('size="0.1 0.2 0.3"', 4 / 3 * np.pi * 0.006, 0.04),
    "capsule": ('size="0.1 0.2"', np.pi * 0.01 * 0.4 + 4 / 3 * np.pi * 0.001, 0.02),
    "cylinder": ('size="0.1 0.2"', np.pi * 0.01 * 0.4, 0.02),
    "box": ('size="0.1 0.2 0.3"', 8 * 0.006, 1e-6),
}


def scene_of(geoms: str) -> tuple[mujoco.MjModel, mujoco.MjvScene]:
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{geoms}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, updated_scene(model, data, CAMERA)


@pytest.mark.parametrize("kind", SHAPES)
def test_built_in_shapes_are_closed_and_face_outwards(kind: str) -> None:
    size, volume, tolerance = SHAPES[kind]
    model, scene = scene_of(f'<geom type="{kind}" {size}/>')
    solid = solid_of(model, scene.geoms[0])
    corners = solid.vertices[solid.triangles]
    signed = np.einsum("ti,ti->t", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert signed == pytest.approx(volume, rel=tolerance)
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.einsum("ti,tci->tc", face, solid.normals) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(solid.normals, axis=-1), 1.0)


def test_a_plane_is_cut_into_mujocos_grid() -> None:
    model, scene = scene_of('<geom type="plane" size="5 0.55 .1"/>')
    solid = solid_of(model, scene.geoms[0])
    np.testing.assert_allclose(np.unique(solid.vertices[:, 0].round(9)), np.arange(-25, 26) * 0.2, atol=1e-6)
    np.testing.assert_allclose(
        np.unique(solid.vertices[:, 1].round(6)), [-0.55, -0.4, -0.2, 0, 0.2, 0.4, 0.55], atol=1e-6
    )


def test_what_cannot_be_drawn_is_said_in_one_line() -> None:
    model, scene = scene_of('<geom type="plane" size="0 0 .1"/>')
    with pytest.raises(UserError, match="no infinite plane"):
        content_of(model, scene)


def test_geoms_are_sorted_into_fixed_moving_and_clear() -> None:
    model, scene = scene_of(
        '<geom size=".1"/><body><joint/><geom size=".2"/><geom size=".3" rgba="1 0 0 .4"/><site name="s"/></body>'
    )
    content = content_of(model, scene)
    assert [len(part.alpha) for part in (content.fixed, content.moving, content.clear)] == [1, 2, 1]
    assert content.moving.sites.tolist() == [False, True]
    data = mujoco.MjData(model)
    data.qpos[:] = [1.0]
    mujoco.mj_forward(model, data)
    positions, rotations = content.moving.placed(data)
    np.testing.assert_allclose(positions, 0.0)
    np.testing.assert_allclose(rotations[0], data.geom_xmat[1].reshape(3, 3))


def test_the_camera_looks_at_its_point_and_up_is_up() -> None:
    _, scene = scene_of('<geom size=".1"/>')
    view = view_of(scene, 120)
    at = view.matrix @ [0.1, 0.2, 0.3, 1.0]
    np.testing.assert_allclose(at, [120.0, 120.0, 2.0], rtol=1e-5)
    right, up = view.matrix @ [0.2, 0.2, 0.3, 1.0], view.matrix @ [0.1, 0.2, 0.4, 1.0]
    assert right[0] / right[2] > 60.5
    assert right[1] / right[2] == pytest.approx(60.0, abs=1e-3)
    assert up[1] / up[2] < 59.5


def drawn(points: list, triangles: list, closeness: list | None = None, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    corner = (np.array(points) * 256).round().astype(np.int64)
    seen = np.full((size, size, 4), -1, dtype=np.int32)
    depth = np.zeros(seen.shape, dtype=np.float32)
    near = np.array(closeness if closeness is not None else [1.0] * len(points))
    faces = np.array(triangles, dtype=np.int32)
    nowhere, camera = np.zeros((len(points), 3)), np.zeros((3, 4))
    cover(faces, 0, len(faces), nowhere, corner, near, camera, 0.1, 0, 0, seen, depth)
    return seen, depth


def test_neighbouring_triangles_cover_every_sample_once() -> None:
    # A fan around a point that is itself a sample: every tie of the fill rule at once.
    rim = [(0, 0), (0, 8), (8, 8), (8, 0)]
    points = [*rim, (3.375, 4.875)]
    total = np.zeros((8, 8, 4), dtype=int)
    for start in range(4):
        seen, _ = drawn(points, [[start, (start + 1) % 4, 4]])
        total += seen >= 0
    np.testing.assert_array_equal(total, 1)


def test_a_part_of_the_picture_is_seen_as_in_the_whole() -> None:
    rng = np.random.default_rng(8)
    corner = np.concatenate([rng.uniform(-2, 18, (90, 2)), rng.integers(0, 16, (30, 2)) + 0.125])
    corner = (corner * 256).astype(np.int64)
    faces, near = np.arange(120, dtype=np.int32).reshape(-1, 3), rng.uniform(0.5, 1.0, 120)
    faces = np.concatenate([faces, faces[:, ::-1]])
    seen, depth = [], []
    for left, top, right, bottom in ((0, 0, 16, 16), (3, 5, 12, 14)):
        seen.append(np.full((bottom - top, right - left, 4), -1, dtype=np.int32))
        depth.append(np.zeros(seen[-1].shape, dtype=np.float32))
        nowhere, camera = np.zeros((120, 3)), np.zeros((3, 4))
        cover(faces, 0, len(faces), nowhere, corner, near, camera, 0.1, left, top, seen[-1], depth[-1])
    np.testing.assert_array_equal(seen[1], seen[0][5:14, 3:12])
    np.testing.assert_array_equal(depth[1], depth[0][5:14, 3:12])
    assert len(np.unique(seen[1])) > 20


def test_back_faces_are_not_seen_and_the_nearer_face_wins() -> None:
    square = [(0, 0), (0, 8), (8, 8), (8, 0)]
    front, back = [[0, 1, 2], [0, 2, 3]], [[2, 1, 0], [3, 2, 0]]
    assert (drawn(square, back)[0] == -1).all()
    seen, depth = drawn([*square, *square], [*front, [4, 5, 6], [4, 6, 7]], [1.0] * 4 + [0.5, 0.5, 2.0, 2.0])
    assert set(np.unique(seen)) == {0, 1, 2, 3}
    assert depth.min() == pytest.approx(1.0)
    assert depth.max() > 1.8


def test_samples_are_where_opengl_puts_them() -> None:
    seen, _ = drawn([(0, 0), (0, 1), (0.5, 1), (0.5, 0)], [[0, 1, 2], [0, 2, 3]], size=1)
    np.testing.assert_array_equal(seen[0, 0] >= 0, [True, False, True, False])
    seen, _ = drawn([(0, 0), (0, 0.5), (1, 0.5), (1, 0)], [[0, 1, 2], [0, 2, 3]], size=1)
    np.testing.assert_array_equal(seen[0, 0] >= 0, [False, False, True, True])


def test_a_point_nearer_than_the_near_plane_has_no_place_on_the_screen() -> None:
    closeness = np.zeros(2)
    matrix = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]])
    corner = np.zeros((2, 2), dtype=np.int64)
    project(np.array([[1.0, 2.0, 0.2], [1.0, 2.0, 0.5]]), matrix, 0.27, corner, closeness)
    assert closeness.tolist() == [0.0, 2.0]
    assert corner[1].tolist() == [512, 1024]


PINHOLE = np.array([[20.0, 0, 16, 0], [0, 20.0, 16, 0], [0, 0, 1.0, 0]])
"""At the origin, looking along z, 32 pixels across."""
NEAR = 0.2


def seen_by_camera(world: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    corner, closeness = np.zeros((len(world), 2), dtype=np.int64), np.zeros(len(world))
    project(world, PINHOLE, NEAR, corner, closeness)
    seen = np.full((32, 32, 4), -1, dtype=np.int32)
    depth = np.zeros(seen.shape, dtype=np.float32)
    cover(faces, 0, len(faces), world, corner, closeness, PINHOLE, NEAR, 0, 0, seen, depth)
    return seen, depth


def in_pieces(triangle: np.ndarray, times: int) -> np.ndarray:
    """(4^times, 3, 3)."""
    if times == 0:
        return triangle[None]
    a, b, c = triangle
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    quarters = ([a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca])
    return np.concatenate([in_pieces(np.array(quarter), times - 1) for quarter in quarters])


def test_a_triangle_through_the_near_plane_is_seen_like_its_pieces() -> None:
    rng, drawn_samples = np.random.default_rng(1), 0
    for _ in range(12):
        triangle = rng.uniform([-2, -2, -1.0], [2, 2, 3.0], (3, 3))
        for turned in (triangle, triangle[::-1]):
            seen, depth = seen_by_camera(np.ascontiguousarray(turned), np.array([[0, 1, 2]], dtype=np.int32))
            pieces = in_pieces(turned, 5).reshape(-1, 3)
            faces = np.arange(len(pieces), dtype=np.int32).reshape(-1, 3)
            expected, its_depth = seen_by_camera(pieces, faces)
            both = (seen >= 0) & (expected >= 0)
            drawn_samples += both.sum()
            # Pieces are snapped to 1/256 pixel, so that samples on an edge may differ.
            assert ((seen >= 0) != (expected >= 0)).sum() <= 12
            np.testing.assert_allclose(depth[both], its_depth[both], rtol=0.02)
            assert depth.max() <= np.float32(1 / NEAR)
    assert drawn_samples > 3000


def test_weights_of_a_crossing_triangle_give_back_the_point_that_is_seen() -> None:
    world = np.array([[-1.0, -0.5, 2.0], [1.5, -0.3, 1.0], [0.2, 0.8, -0.7]])
    for weights in ([0.5, 0.3, 0.2], [0.2, 0.7, 0.1]):
        point = np.array(weights) @ world
        column, row, w = PINHOLE @ [*point, 1.0]
        x, y = round(256 * column / w), round(256 * row / w)
        here, right, down = np.array(crossing_weights(world, PINHOLE, 0, 1, 2, x, y))
        np.testing.assert_allclose(here / here.sum(), weights, atol=0.01)
        ahead, *_ = np.array(crossing_weights(world, PINHOLE, 0, 1, 2, x + 256, y - 512))
        np.testing.assert_allclose(here + right - 2 * down, ahead, atol=1e-9)


FACE = np.array([[0, 1, 2]], dtype=np.int32)
EITHER_WAY = np.array([False])


def test_a_wide_triangle_casts_the_same_shadow_as_its_pieces() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        corner = (rng.uniform(-8, 40, (3, 2)) * 256).astype(np.int64)
        far = rng.uniform(1, 2, 3)
        whole = np.full((32, 32), FAR, dtype=np.float32)
        cast(FACE, EITHER_WAY, corner, far, 0.0, 0.5, whole)
        a, b, c = corner.astype(float)
        rows, columns = np.mgrid[0:32, 0:32] * 256.0 + 128.0
        plane = np.linalg.solve(np.column_stack([[a, b, c], np.ones(3)]), far)
        expected = plane[0] * columns + plane[1] * rows + plane[2] + 0.5 + 1.5 * 256 * np.abs(plane[:2]).max()

        def side(p: np.ndarray, q: np.ndarray, x: np.ndarray = columns, y: np.ndarray = rows) -> np.ndarray:
            return (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])

        sides = np.stack([side(a, b), side(b, c), side(c, a)])
        inside = (sides >= 0).all(0) | (sides <= 0).all(0)
        np.testing.assert_array_equal(whole < FAR, inside)
        np.testing.assert_allclose(whole[inside], expected[inside], rtol=1e-5)


def test_nothing_nearer_than_the_near_plane_casts_a_shadow() -> None:
    corner = (np.array([[0, 0], [16, 0], [0, 16]]) * 256).astype(np.int64)
    depth = np.full((16, 16), FAR, dtype=np.float32)
    cast(FACE, EITHER_WAY, corner, np.array([0.0, 1.0, 1.0]), 0.5, 0.0, depth)
    shadow = depth < FAR
    assert shadow[7, 7]
    assert not shadow[0, 0]
    assert not shadow[3, 3]


def test_of_a_closed_surface_only_faces_toward_the_light_cast() -> None:
    model, scene = scene_of('<geom type="sphere" size="0.3"/>')
    part = content_of(model, scene).fixed
    toward = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])
    matrix = map_matrix(light_axes(toward), 2.0 * toward, (0.0, 0.0), 0.5, 64)
    corner, far = np.empty((len(part.vertices), 2), dtype=np.int64), np.empty(len(part.vertices))
    look_from_light(part.vertices, matrix, corner, far)
    triangles, depths = part.surface.triangles, []
    for closed in (False, True):
        depth = np.full((64, 64), FAR, dtype=np.float32)
        cast(triangles, np.full(len(triangles), closed), corner, far, 0.0, 0.0, depth)
        depths.append(depth)
    np.testing.assert_array_equal(depths[0] < FAR, depths[1] < FAR)
    np.testing.assert_allclose(depths[1][32, 32], 2.0 - 0.3, atol=0.01)


def test_which_casters_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casters, "_MANY", 300)
    model, scene = scene_of(
        '<geom type="sphere" size="0.3"/><geom type="plane" size="2 2 .1"/><geom type="box" size="1 1 1"/>'
    )
    part = content_of(model, scene).fixed
    found = casters.casters_of(part, 0.05)
    kinds = [{bool(c) for c in found.closed[found.vertex_geom[found.triangles[:, 0]] == geom]} for geom in range(3)]
    # A sheet is not closed; a box of few triangles casts with both sides, as the stock renderer does.
    assert kinds == [{True}, {False}, {False}]
    assert len(found.triangles) < len(part.surface.triangles)


def test_a_lights_map_is_square_to_the_light() -> None:
    toward = np.array([0.0, 1.0, 1.0]) / np.sqrt(2)
    axes = light_axes(toward)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    matrix = map_matrix(axes, np.array([0.0, 1.0, 1.0]), (0.0, 0.0), 2.0, 64)
    point = np.array([0.0, 1.0, 1.0]) - 3.0 * toward
    np.testing.assert_allclose(matrix @ [*point, 1.0], [32.0, 32.0, 3.0], atol=1e-9)


def test_mip_levels_average_pairs_rounding_up() -> None:
    image = np.array([[[0], [1]], [[3], [4]]], dtype=np.uint8).repeat(3, axis=2)
    levels = mip_chain(image)
    assert [level.shape for level in levels] == [(2, 2, 3), (1, 1, 3)]
    assert levels[1].ravel().tolist() == [3, 3, 3]  # (1 and 4, then 3): halves go up both times


def test_cube_faces_follow_opengls_table() -> None:
    for face, direction in enumerate([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]):
        assert cube_face(*map(float, direction)) == face
        assert face_coordinates(face, *map(float, direction)) == (0.5, 0.5)
    assert face_coordinates(0, 1.0, 1.0, -1.0) == (1.0, 0.0)
    assert face_coordinates(4, 1.0, 1.0, 1.0) == (1.0, 0.0)


def test_texture_colours_at_both_ends_of_the_chain() -> None:
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><texture name="t" type="2d" builtin="checker" rgb1="1 0 0" rgb2="0 0 1" width="8" height="8"/>'
        "</asset></mujoco>"
    )
    textures = textures_of(model)
    assert textures.table[0, :2].tolist() == [8, 4]
    near = look_up(*textures, 0, 0.25, 0.25, 0.01, True)
    assert sorted(near) == pytest.approx([0.0, 0.0, 255.0])
    assert look_up(*textures, 0, 0.25, 0.25, 1e6, True) == pytest.approx((128.0, 0.0, 128.0))
    # Halfway between two levels lies the mean of both.
    both = [look_up(*textures, 0, 0.25, 0.25, step / 8, True)[0] for step in (4.0, 8.0)]
    assert look_up(*textures, 0, 0.25, 0.25, np.sqrt(32.0) / 8, True)[0] == pytest.approx(np.mean(both))
