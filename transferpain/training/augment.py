"""Random geometry for training images: flip, rotation, zoom and shift in one interpolation."""

import cv2
import numpy as np

from transferpain.training.settings import AugmentSettings


def draw_transforms(count: int, size: int, settings: AugmentSettings, random: np.random.Generator) -> np.ndarray:
    """Draw random affine maps about the image centre, on an image of `size` x `size` pixels.

    Every parameter is uniform within +- its setting; the flip has the probability `settings.flip`.

    Returns:
        `(count, 2, 3)` float64: maps from pixel positions before to pixel positions after the change.
    """
    mirror = np.where(random.random(count) < settings.flip, -1.0, 1.0)
    angle = np.deg2rad(random.uniform(-1, 1, count) * settings.rotation)
    scale = 1 + random.uniform(-1, 1, count) * settings.zoom
    shift = random.uniform(-1, 1, (count, 2)) * settings.shift * size
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.stack([np.stack([cosine * mirror, -sine], -1), np.stack([sine * mirror, cosine], -1)], 1)
    centre = np.full(2, (size - 1) / 2)
    offset = centre - linear @ centre + shift
    return np.concatenate([linear, offset[..., None]], axis=2)


def resize_transform(before: int, after: int) -> np.ndarray:
    """Return the `(3, 3)` map that enlarges or shrinks a square image, with pixel areas aligned as in `cv2.resize`."""
    scale = after / before
    offset = scale / 2 - 0.5
    return np.array([[scale, 0, offset], [0, scale, offset], [0, 0, 1.0]])


def augment(
    images: np.ndarray,
    size: int,
    settings: AugmentSettings,
    random: np.random.Generator,
    changed: np.ndarray | None = None,
) -> np.ndarray:
    """Resize square images and change each at random, bilinearly, borders repeated outwards.

    `cv2.warpAffine` is used rather than a chain of Keras' random layers: one interpolation instead of four, and
    the numbers drawn depend on `random` alone.

    Args:
        images: `(batch, side, side)` or `(batch, side, side, 3)` uint8.
        size: side of the result in pixels.
        changed: bool `(batch,)`, the images that are changed, the others are only resized; `None` changes all.

    Returns:
        `(batch, size, size)` or `(batch, size, size, 3)` uint8.
    """
    transforms = draw_transforms(len(images), size, settings, random)
    if changed is not None:
        transforms[~changed] = np.eye(2, 3)
    transforms = transforms @ resize_transform(images.shape[1], size)
    return np.stack(
        [
            cv2.warpAffine(image, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for image, transform in zip(images, transforms, strict=True)
        ]
    )
