import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import find_points, load_mesh, start_anew
from transferpain.inputs.landmarks.mirror import MIRRORED
from transferpain.inputs.landmarks.settings import LandmarkSettings

# The mesh as MediaPipe publishes it: outlines of the right and of the left eye and brow.
RIGHT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 46, 53, 52, 65, 55, 70, 63, 105)
LEFT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 276, 283, 282, 295, 285, 300,
        293, 334)  # fmt: skip


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
        start_anew(mesh)
        return place(find_points(mesh, image)[0]).points

    expected = points(picture)[MIRRORED] * (-1, 1, 1)
    assert np.linalg.norm(points(np.ascontiguousarray(picture[:, ::-1])) - expected, axis=1).mean() < 0.08
