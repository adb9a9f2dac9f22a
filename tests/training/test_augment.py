import cv2
import numpy as np
import pytest

from transferpain.training.augment import augment, draw_transforms
from transferpain.training.settings import AugmentSettings

NONE = AugmentSettings()


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def smooth_images(count: int, side: int, channels: int | None = None) -> np.ndarray:
    shape = (count, side, side) if channels is None else (count, side, side, channels)
    noise = generator().integers(0, 256, shape, dtype=np.uint8)
    return np.stack([cv2.GaussianBlur(image, (0, 0), 2) for image in noise])


@pytest.mark.parametrize("channels", [None, 3])
def test_without_settings_nothing_changes(channels):
    images = smooth_images(3, 48, channels)
    np.testing.assert_array_equal(augment(images, 48, NONE, generator()), images)


@pytest.mark.parametrize("size", [64, 96, 40])
def test_without_settings_it_only_resizes(size):
    images = smooth_images(2, 48)
    expected = np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR) for image in images])
    received = augment(images, size, NONE, generator())
    assert received.shape == (2, size, size)
    # warpAffine places pixels to 1/32, resize to 1/2048.
    assert np.abs(received.astype(int) - expected).max() <= 6


def test_flip_mirrors_left_and_right():
    images = smooth_images(2, 48)
    received = augment(images, 48, AugmentSettings(flip=1), generator())
    np.testing.assert_array_equal(received, images[:, :, ::-1])


def test_flip_has_its_probability():
    transforms = draw_transforms(10_000, 48, AugmentSettings(flip=0.3), generator())
    assert (np.linalg.det(transforms[:, :, :2]) < 0).mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("name", ["rotation", "shift", "zoom"])
def test_changes_fill_their_range_and_stay_within(name):
    largest = {"rotation": 20.0, "shift": 0.08, "zoom": 0.1}[name]
    transforms = draw_transforms(10_000, 48, AugmentSettings(**{name: largest}), generator())
    linear, offset = transforms[:, :, :2], transforms[:, :, 2]
    centre = np.full(2, 23.5)
    drawn = {
        "rotation": np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 0, 0])),
        "shift": (linear @ centre + offset - centre)[:, 0] / 48,
        "zoom": np.sqrt(np.linalg.det(linear)) - 1,
    }[name]
    assert np.abs(drawn).max() <= largest * 1.000001
    assert drawn.min() < -0.98 * largest
    assert drawn.max() > 0.98 * largest
    assert abs(drawn.mean()) < 0.03 * largest


def test_rotation_turns_about_the_centre_by_the_drawn_angle():
    image = np.zeros((49, 49), np.uint8)
    image[24, 40] = 255  # 16 pixels right of the centre
    settings = AugmentSettings(rotation=180)
    column, row = draw_transforms(1, 49, settings, generator(5))[0] @ [40, 24, 1]
    assert np.hypot(column - 24, row - 24) == pytest.approx(16)
    assert abs(row - 24) > 2
    turned = augment(image[None], 49, settings, generator(5))[0]
    assert np.unravel_index(turned.argmax(), (49, 49)) == pytest.approx((row, column), abs=1)


def test_the_generator_decides_everything():
    images = smooth_images(4, 48)
    settings = AugmentSettings(flip=0.5, rotation=15, shift=0.1, zoom=0.1)
    first = augment(images, 64, settings, generator(1))
    np.testing.assert_array_equal(first, augment(images, 64, settings, generator(1)))
    assert not np.array_equal(first, augment(images, 64, settings, generator(2)))
    changed = augment(np.repeat(images[:1], 2, axis=0), 64, settings, generator(1))
    assert not np.array_equal(changed[0], changed[1])


def test_images_that_are_not_to_be_changed_are_only_resized():
    images = smooth_images(4, 48)
    settings = AugmentSettings(flip=1, rotation=15)
    changed = np.array([True, False, True, False])
    received = augment(images, 64, settings, generator(1), changed)
    np.testing.assert_array_equal(received[~changed], augment(images, 64, AugmentSettings(), generator(1))[~changed])
    np.testing.assert_array_equal(received[changed], augment(images, 64, settings, generator(1))[changed])
