import math

import numpy as np

from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.data.media.medium import Frame
from transferpain.inputs.landmarks.mesh import Faces, find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.person import PersonMesh, boxes_of
from transferpain.inputs.landmarks.settings import LandmarkSettings

FOLLOWING, STILL = (LandmarkSettings(detection_confidence=0.5, still=still) for still in (False, True))


def find(settings: LandmarkSettings, pictures: list[np.ndarray | None]) -> list:
    mesh = PersonMesh(settings)
    return [mesh.find(Frame(number, number / 25, picture)) for number, picture in enumerate(pictures)]


def test_alone_the_mesh_is_that_for_one_to_the_bit():
    pictures = [drawn_person(1, x=0.05 * number) for number in range(5)] + [NOBODY, drawn_person(1)]
    for settings in (FOLLOWING, STILL):
        found = find(settings, pictures)
        mesh = load_mesh(settings)
        forget_faces(mesh)
        for one, picture in zip(found, pictures, strict=True):
            expected = find_points(mesh, picture)
            assert one.faces == len(expected)
            if len(expected):
                np.testing.assert_array_equal(one.points, expected[0])
            else:
                assert one.points is None


def test_the_first_person_is_followed_wherever_the_other_stands():
    one, other = drawn_person(1), drawn_person(2)
    for settings, left, right, low, high in ((FOLLOWING, one, other, 0, 320), (STILL, other, one, 320, 640)):
        alone = np.concatenate([one, NOBODY] if low == 0 else [NOBODY, one], axis=1)
        found = find(settings, [alone] * 7 + [np.concatenate([left, right], axis=1)] * 5)
        for each in found:
            assert low < each.points[:, 0].mean() < high
        assert found[-1].faces == 2


def test_a_frame_that_cannot_be_decoded_shows_nobody():
    found = find(FOLLOWING, [drawn_person(1), None, drawn_person(1)])
    assert [each.faces for each in found] == [1, 0, 1]
    assert found[1].points is None


def test_boxes_stand_around_meshes():
    points = np.array([[[1, 2, 9], [3, 8, 0]]], np.float32)
    assert boxes_of(Faces(points, np.full((1, 52), math.nan))).tolist() == [[1, 2, 3, 8]]
    assert boxes_of(Faces(points[:0], points[:0, :, 0])).shape == (0, 4)
