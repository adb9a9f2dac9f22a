from dataclasses import replace

import cv2
import numpy as np
import pytest

from transferpain.data.synthetic import plates
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import (
    ACTION_UNITS,
    RAISED,
    RELIEF,
    SKIN,
    TURN,
    Pose,
    around,
    draw_face,
    place_head,
)
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units.mesh import load_still_mesh

# MediaPipe mesh points: eye corners, lids, brows, lips.
RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)


@pytest.fixture(scope="module")
def sitter():
    return seat(BIOVID, invent_look(4, sex="w", age=30), 4)


@pytest.fixture(scope="module")
def mesh():
    return load_still_mesh()


def measures(mesh, picture) -> dict[str, float]:
    """Return distances of the mesh in inter-ocular distances."""
    points = mesh(picture).points[:, :2]
    assert not np.isnan(points).any(), "the mesh finds no face"
    right, left = points[list(RIGHT_EYE)].mean(0), points[list(LEFT_EYE)].mean(0)
    unit = np.linalg.norm(right - left)

    def distance(a, b):
        return np.linalg.norm(points[a] - points[b]) / unit

    return {
        "brow": (points[[159, 386], 1].mean() - points[[55, 285], 1].mean()) / unit,
        "eye": (distance(159, 145) + distance(386, 374)) / 2,
        "mouth height": distance(13, 14),
        "mouth width": distance(61, 291),
    }


@pytest.mark.parametrize(
    ("unit", "strength", "measure", "change"),
    [
        ("AU4", 5, "brow", -0.03),
        ("AU1", 5, "brow", 0.02),
        ("AU43", 1, "eye", -0.04),
        ("AU45", 1, "eye", -0.04),
        ("AU7", 5, "eye", -0.02),
        ("AU26", 5, "mouth height", 0.12),
        ("AU25", 5, "mouth height", 0.02),
        ("AU12", 5, "mouth width", 0.06),
    ],
)
def test_the_mesh_follows_the_drawn_action_unit(sitter, mesh, unit, strength, measure, change):
    rest = measures(mesh, draw_face(sitter, {}, Pose()))[measure]
    moved = measures(mesh, draw_face(sitter, {unit: strength}, Pose()))[measure]
    assert (moved - rest) * np.sign(change) >= abs(change)


@pytest.mark.parametrize("unit", [*ACTION_UNITS, *SKIN])
def test_every_action_unit_shows(sitter, unit):
    rest = draw_face(sitter, {}, Pose()).astype(int)
    moved = draw_face(sitter, {unit: 5 if unit in ACTION_UNITS[:9] else 1}, Pose()).astype(int)
    assert (abs(moved - rest).max(-1) > 25).sum() > 40


@pytest.mark.parametrize("hair", ["receding", "short", "curly", "tied", "bob", "long", "fringe"])
def test_hair_is_the_same_whatever_the_face_does(hair):
    sitter = seat(BIOVID, replace(invent_look(4, sex="w", age=30), hair_style=hair), 4)
    inner = cv2.erode(plates.hair_front(sitter.look), np.ones((3, 3), np.uint8))  # at its edge pixels are mixed
    there = cv2.warpAffine(inner, place_head(sitter, Pose()), (BIOVID.width, BIOVID.height)) == 255
    assert there.sum() > 500
    rest = draw_face(sitter, {}, Pose())
    for acts in ({"flush": 1}, {"AU1": 5}, {"AU4": 5, "AU9": 5, "AU43": 1}, {"AU26": 5, "AU12": 5, "strain": 1}):
        moved = draw_face(sitter, acts, Pose())
        assert not np.array_equal(moved, rest)
        np.testing.assert_array_equal(moved[there], rest[there])


def test_ears_and_long_hair_are_the_same_when_a_face_reddens(sitter):
    rest, red = (draw_face(sitter, {"flush": flush}, Pose()) for flush in (0, 1))
    skin = cv2.warpAffine(sitter.skin, place_head(sitter, Pose()), (BIOVID.width, BIOVID.height))
    np.testing.assert_array_equal(red[skin == 0], rest[skin == 0])
    assert (red[skin == 255] != rest[skin == 255]).mean() > 0.5


def test_redness_moves_nothing(sitter, mesh):
    rest, red = measures(mesh, draw_face(sitter, {}, Pose())), measures(mesh, draw_face(sitter, {"flush": 1}, Pose()))
    assert all(abs(red[name] - rest[name]) < 0.01 for name in rest)


def test_a_picture_is_a_function_of_its_arguments(sitter):
    pose = Pose(0.05, -0.02, 0.03, 0.1, -0.05, 1.02, (0.3, -0.2))
    first = draw_face(sitter, {"AU4": 3, "AU26": 2}, pose)
    assert first.shape == (BIOVID.height, BIOVID.width, 3)
    assert first.dtype == np.uint8
    draw_face(sitter, {"AU12": 5}, Pose())
    again = seat(BIOVID, invent_look(4, sex="w", age=30), 4)
    np.testing.assert_array_equal(first, draw_face(again, {"AU4": 3, "AU26": 2}, pose))


def test_what_moves_lies_inside_the_window_that_is_turned():
    outside = np.ones(RELIEF.shape, bool)
    outside[RAISED] = False
    assert outside.any()
    assert RELIEF[outside].max() * TURN < 1e-6


def test_a_window_holds_the_whole_mask():
    mask = np.zeros((20, 30), bool)
    mask[4:7, 10:25] = True
    assert around(mask, 2) == (slice(2, 9), slice(8, 27))
    assert mask[around(mask, 6)].sum() == mask.sum()


def test_an_unknown_action_unit_is_refused(sitter):
    with pytest.raises(KeyError, match="AU99"):
        draw_face(sitter, {"AU99": 1}, Pose())
