import numpy as np
import pytest

from transferpain.data.synthetic.camera import UNBC, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.landmarks import landmarks
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units.mesh import load_still_mesh

JAW, BROWS, NOSE, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 66)
# Points that the mesh of MediaPipe has as well: corners of the eyes and the mouth, chin, nose, lips.
SHARED = {36: 33, 39: 133, 42: 362, 45: 263, 48: 61, 54: 291, 8: 152, 33: 2, 51: 0, 57: 17}


@pytest.fixture(scope="module")
def sitter():
    return seat(UNBC, invent_look(4, sex="w", age=30), 4)


def test_the_points_stand_as_in_a_face(sitter):
    points = landmarks(sitter, {}, Pose())
    assert points.shape == (66, 2)
    assert points.dtype == np.float64
    assert (np.diff(points[JAW, 0]) > 0).all()
    assert points[JAW, 1].argmax() == 8
    assert (np.diff(points[BROWS, 0]) > 0).all()
    heights = [points[part, 1].mean() for part in (BROWS, EYES, NOSE, MOUTH)]
    assert heights == sorted(heights)
    right, left = points[36:42].mean(0), points[42:48].mean(0)
    assert np.linalg.norm(left - right) == pytest.approx(sitter.zoom, rel=0.02)
    inside = (points > 0).all() and (points < (UNBC.width, UNBC.height)).all()
    assert inside


@pytest.mark.parametrize(
    ("units", "measure"),
    [
        ({"AU43": 1}, lambda p: p[41, 1] - p[37, 1]),
        ({"AU7": 5}, lambda p: p[41, 1] - p[37, 1]),
        ({"AU4": 5}, lambda p: p[39, 1] - p[21, 1]),
        ({"AU9": 5}, lambda p: p[33, 1] - p[27, 1]),
        ({"AU26": 5}, lambda p: p[61, 1] - p[64, 1]),
        ({"AU12": 5}, lambda p: p[48, 0] - p[54, 0]),
    ],
)
def test_the_points_follow_the_action_unit(sitter, units, measure):
    assert measure(landmarks(sitter, units, Pose())) < measure(landmarks(sitter, {}, Pose())) - 0.5


def test_the_points_follow_the_head(sitter):
    rest = landmarks(sitter, {}, Pose())
    np.testing.assert_allclose(landmarks(sitter, {}, Pose(x=0.1)) - rest, [[0.1 * sitter.zoom, 0]] * 66, atol=1e-9)
    turned = landmarks(sitter, {}, Pose(yaw=0.2)) - rest
    assert turned[30, 0] > turned[36, 0] > 0
    np.testing.assert_allclose(turned[[0, 16]], 0, atol=0.5)


def test_the_mesh_of_a_detector_finds_them_there():
    find, errors = load_still_mesh(), []
    for number in range(4):
        sitter = seat(UNBC, invent_look(number), number)
        units = {"AU4": 5 * (number % 2), "AU12": number % 3, "AU26": 2 * (number % 2)}
        pose = Pose(roll=0.05 * (number % 3), yaw=0.04 * (number - 3))
        seen, points = find(draw_face(sitter, units, pose)).points, landmarks(sitter, units, pose)
        errors += [np.linalg.norm(points[ours] - seen[theirs, :2]) / sitter.zoom for ours, theirs in SHARED.items()]
    assert np.mean(errors) < 0.08


def test_an_unknown_action_unit_is_refused(sitter):
    with pytest.raises(KeyError, match="AU99"):
        landmarks(sitter, {"AU99": 1}, Pose())
