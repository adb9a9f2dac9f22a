import cv2
import numpy as np
import pytest

from tests.inputs.faces.drawing import draw_plain_face
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (0, 0, 255)])
def test_colours_stay_red_green_blue(color):
    decoded = decode_jpeg(encode_jpeg(np.full((32, 32, 3), color, np.uint8)))
    assert np.abs(decoded.astype(int) - color).max() <= 2


def test_the_file_is_red_for_others_too():
    read_by_opencv = cv2.imdecode(
        np.frombuffer(encode_jpeg(np.full((16, 16, 3), (255, 0, 0), np.uint8)), np.uint8), cv2.IMREAD_COLOR
    )
    assert np.abs(read_by_opencv.astype(int) - (0, 0, 255)).max() <= 2


def test_the_colour_of_single_columns_is_kept():
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = (200, 40, 40)
    stripes[:, 1::2] = (40, 40, 200)
    decoded = decode_jpeg(encode_jpeg(stripes)).astype(int)
    # With the usual 4:2:0 neighbouring columns share their colour and differ by 160 from the truth.
    assert np.abs(decoded - stripes).mean() < 6


def test_an_encoded_face_is_small():
    face = draw_plain_face(224, 224, (112, 112), 1.4)
    assert 2_000 < len(encode_jpeg(face)) < 30_000
