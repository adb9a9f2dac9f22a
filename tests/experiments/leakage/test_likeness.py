import cv2
import numpy as np
import pytest

from tests.experiments.leakage.runs import noise
from transferpain.experiments.leakage.likeness import SIDE, alike, look_at, to_side
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg


def is_near(first, second):
    looks = look_at([to_side(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY)) for one in (first, second)])
    return alike(looks, np.array([0]), np.array([1]), np.arange(2)).tolist() == [True]


def turned(image, degrees, border=cv2.BORDER_REFLECT):
    matrix = cv2.getRotationMatrix2D((31.5, 31.5), degrees, 1)
    return cv2.warpAffine(image, matrix, (64, 64), borderMode=border)


def shifted(image, right, down):
    return cv2.warpAffine(image, np.float32([[1, 0, right], [0, 1, down]]), (64, 64))


@pytest.fixture
def image():
    return cv2.GaussianBlur(noise(np.random.default_rng(5)), (0, 0), 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: np.clip(image.astype(int) + 20, 0, 255).astype(np.uint8),
        lambda image: cv2.resize(image, (96, 96)),
        lambda image: cv2.GaussianBlur(image, (3, 3), 0),
        lambda image: image[:, ::-1],
        lambda image: turned(image, 10),
        lambda image: turned(image, -10, cv2.BORDER_CONSTANT),
        lambda image: turned(image, 5),
        lambda image: turned(image[:, ::-1].copy(), 10),
        lambda image: shifted(image, 2, 0),
        lambda image: shifted(image, -2, 2),
    ],
    ids=[
        "jpeg",
        "brighter",
        "resized",
        "blurred",
        "mirrored",
        "left",
        "right",
        "little",
        "mirrored-left",
        "shifted",
        "shifted-both",
    ],
)
def test_a_changed_copy_is_found_from_either_side(image, change):
    changed = decode_jpeg(encode_jpeg(np.ascontiguousarray(change(image))))
    assert is_near(image, changed)
    assert is_near(changed, image)


def test_other_pictures_are_not(image):
    assert not is_near(image, cv2.GaussianBlur(noise(np.random.default_rng(6)), (0, 0), 2))
    assert not is_near(image, image[::-1].copy())


def test_what_only_looks_alike_from_afar_is_not(image):
    detail = cv2.GaussianBlur(noise(np.random.default_rng(7)), (0, 0), 2).astype(int) - 127
    assert not is_near(image, np.clip(image + detail // 6, 0, 255).astype(np.uint8))


def test_pictures_of_one_grey_level_are_like_nothing():
    black = np.zeros((64, 64, 3), np.uint8)
    assert not is_near(black, black)


def test_only_pictures_of_other_videos_are_compared_and_nothing_with_nothing(image):
    grey = to_side(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    looks = look_at([grey, grey, grey])
    assert alike(looks, np.array([0, 1]), np.array([2]), np.array([0, 1, 1])).tolist() == [True, False]
    assert alike(looks, np.array([0]), np.array([], np.int64), np.arange(3)).tolist() == [False]
    assert look_at([]).grey.shape == (0, SIDE, SIDE)
