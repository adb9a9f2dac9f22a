import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.inputs.landmarks.geometry import MIRRORED, place
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

# The mesh as MediaPipe publishes it: outlines of the right and of the left eye and brow.
RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 46, 53, 52, 65, 55, 70, 63, 105)
LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 276, 283, 282, 295, 285, 300,
        293, 334)  # fmt: skip


def random_points(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(*shape, 478, 3)).astype(np.float32)


def test_the_eyes_stand_one_apart_about_the_origin():
    points = place(random_points()).points
    right, left = points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0)
    assert right + left == pytest.approx(np.zeros(3), abs=1e-6)
    assert np.linalg.norm(left - right) == pytest.approx(1)


def test_place_and_size_in_the_picture_do_not_matter():
    points = random_points()
    np.testing.assert_allclose(place(points * 7 + (100, 50, -3)).points, place(points).points, atol=1e-4)


def test_a_face_that_turns_away_does_not_grow():
    points = random_points()
    points[..., 2] = 0
    turned = points @ np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]], np.float32)
    assert place(turned).interocular == pytest.approx(place(points).interocular, rel=1e-5)


def test_pixels_come_back_from_any_number_of_faces():
    pixels = random_points(4, 2) * 30 + 120
    placed = place(pixels)
    assert (placed.points.shape, placed.centre.shape, placed.interocular.shape) == ((4, 2, 478, 3), (4, 2, 3), (4, 2))
    assert placed.points.dtype == np.float32
    back = placed.points * placed.interocular[..., None, None] + placed.centre[..., None, :]
    np.testing.assert_allclose(back, pixels, rtol=1e-5, atol=1e-3)


def test_the_mirror_image_of_the_mirror_image_is_the_point_itself():
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(478))
    # Forehead, nose, lips and chin lie on the middle line.
    assert MIRRORED[[10, 168, 4, 0, 13, 14, 17, 152]].tolist() == [10, 168, 4, 0, 13, 14, 17, 152]


def test_the_published_outlines_are_each_other_s_mirror_images():
    assert MIRRORED[list(RIGHT)].tolist() == list(LEFT)
    assert MIRRORED[[468, 473]].tolist() == [473, 468]


@pytest.mark.parametrize("number", [3, 6])
def test_it_is_the_mesh_of_the_mirrored_picture(number):
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    picture = drawn_person(number, {"AU26": 3})

    def points(image: np.ndarray) -> np.ndarray:
        forget_faces(mesh)
        return place(find_points(mesh, image)[0]).points

    expected = points(picture)[MIRRORED] * (-1, 1, 1)
    assert np.linalg.norm(points(np.ascontiguousarray(picture[:, ::-1])) - expected, axis=1).mean() < 0.08
