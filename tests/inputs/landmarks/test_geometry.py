import numpy as np
import pytest

from transferpain.inputs.landmarks.geometry import place


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
