import numpy as np
import pytest

from transferpain.inputs.faces.crop import crop_face, crop_square, points_in_crop


def positions(height: int = 40, width: int = 60) -> np.ndarray:
    """A picture whose red tells the column and whose green tells the row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8)


def test_a_cached_box_is_the_square_that_was_cut():
    box = np.array((904.7, 1113.6, 1357.9, 1566.7), np.float32)
    assert crop_square(box, margin=0.25) == crop_square(box.tolist(), margin=0.25) == (848, 1057, 567)


def test_a_square_box_inside_is_cut_exactly():
    image = positions()
    assert np.array_equal(crop_face(image, (10, 5, 30, 25), margin=0, size=20), image[5:25, 10:30])


def test_a_longer_box_becomes_the_square_about_its_centre():
    image = positions()
    assert np.array_equal(crop_face(image, (20, 10, 24, 30), margin=0, size=20), image[10:30, 12:32])


def test_a_margin_of_a_quarter_makes_the_square_a_quarter_wider():
    image = positions()
    assert np.array_equal(crop_face(image, (20, 10, 36, 26), margin=0.25, size=20), image[8:28, 18:38])


def test_the_border_is_repeated_outside_the_picture():
    face = crop_face(positions(), (-6, -4, 14, 16), margin=0, size=20)
    assert face[0, :, 0].tolist() == [0] * 6 + list(range(14))
    assert face[:, 0, 1].tolist() == [0] * 4 + list(range(16))
    face = crop_face(positions(), (50, 30, 70, 50), margin=0, size=20)
    assert face[0, :, 0].tolist() == list(range(50, 60)) + [59] * 10
    assert face[:, 0, 1].tolist() == list(range(30, 40)) + [39] * 10


def test_a_box_wholly_outside_gives_the_border():
    face = crop_face(positions(), (100, 100, 120, 120), margin=0, size=20)
    assert (face == [59, 39, 0]).all()


def test_a_point_gives_one_pixel_enlarged():
    assert (crop_face(positions(), (7, 9, 7, 9), margin=0, size=16) == [7, 9, 0]).all()


def test_shrinking_averages_and_enlarging_interpolates():
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (crop_face(stripes, (0, 0, 32, 32), margin=0, size=16) == 100).all()
    halves = np.zeros((16, 16, 3), np.uint8)
    halves[:, 8:] = 200
    enlarged = crop_face(halves, (0, 0, 16, 16), margin=0, size=32)[0, :, 0]
    assert (np.diff(enlarged.astype(int)) >= 0).all()
    assert 0 < enlarged[15] < enlarged[16] < 200


@pytest.mark.parametrize(
    ("box", "margin", "size"), [((100.0, 60.0, 220.0, 180.0), 0.0, 96), ((90.4, 50.2, 230.7, 190.1), 0.25, 224)]
)
def test_points_go_with_the_crop(box, margin, size):
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[110:113, 150:153] = 255
    points = np.array([[151.0, 111.0, 5.0]])
    rows, columns = np.nonzero(crop_face(frame, box, margin, size)[..., 0] > 128)
    assert points_in_crop(points, box, margin, size)[0] == pytest.approx((columns.mean(), rows.mean()), abs=0.6)
