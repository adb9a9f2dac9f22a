import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from transferpain.inputs.action_units.geometry import DISTANCES, POINTS, straighten, take_distances

NAMES = list(DISTANCES)


@pytest.fixture
def face():
    """A face in pixels that looks at the camera: only the points that are set matter, the others are scattered."""
    points = np.random.default_rng(0).normal(100, 20, (POINTS, 3))
    set_points = {
        33: (60, 100, 0), 133: (80, 100, 0), 362: (120, 100, 0), 263: (140, 100, 0), 10: (100, 40, 0), 6: (100, 100, 0),
        61: (75, 170, 0), 291: (125, 170, 0),
    }  # fmt: skip
    for left, right, height in ((54, 284, 60), (21, 251, 70), (162, 389, 80), (127, 356, 95), (234, 454, 110)):
        set_points |= {left: (40, height, 10), right: (160, height, 10)}
    for number, place in set_points.items():
        points[number] = place
    return points


def test_a_face_to_the_front_is_scaled_only(face):
    straight = straighten(face)
    # The eyes' middles are 60 pixels apart, at 70 and 130.
    np.testing.assert_allclose(straight[[33, 263]], [[-40 / 60, 0, 0], [40 / 60, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(straight[61], [-25 / 60, 70 / 60, 0], atol=1e-12)
    assert take_distances(face)[NAMES.index("mouth width")] == pytest.approx(50 / 60)


@pytest.mark.parametrize("angles", [(0, 0, 30), (0, 25, 0), (20, 0, 0), (-15, 30, -40)])
def test_turning_moving_and_enlarging_a_face_changes_no_distance(face, angles):
    turned = Rotation.from_euler("xyz", angles, degrees=True).apply(face)
    np.testing.assert_allclose(take_distances(2.5 * turned + (300, -40, 7)), take_distances(face), atol=1e-9)


def test_distances_have_the_sign_their_name_says(face):
    face[[55, 107, 285, 336], 1] = 88
    face[[0, 37, 267], 1] = 160
    face[[13, 82, 312], 1] = 166
    face[[14, 87, 317], 1] = 178
    distances = dict(zip(NAMES, take_distances(face), strict=True))
    assert distances["inner brows above eyes"] == pytest.approx(12 / 60)
    assert distances["thickness of the upper lip"] == pytest.approx(6 / 60)
    assert distances["mouth opening"] == pytest.approx(12 / 60)


def test_clips_are_measured_at_once_and_absent_faces_stay_absent(face):
    clip = np.stack([face, np.full_like(face, np.nan), face * 3])
    distances = take_distances(clip)
    assert distances.shape == (3, len(DISTANCES))
    assert np.isnan(distances[1]).all()
    np.testing.assert_allclose(distances[2], distances[0])
