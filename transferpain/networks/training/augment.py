"""Random changes of training images: flip, rotation, zoom, shift and distortion in one interpolation; brightness."""

from dataclasses import dataclass

import cv2
import numpy as np

from transferpain.networks.training.settings import AugmentSettings

ELASTIC_NODES = 8  # on each side, as many random shifts as the smooth field goes through
GRID_NODES = 5
INVERSE_STEPS = 20  # towards the fixed point; shifts that fold nothing are undone to a fraction of a pixel


@dataclass(frozen=True)
class Changes:
    """Random changes of square images, drawn once: what moves in an image moves likewise in its landmarks.

    Attributes:
        transforms: float64 `(count, 2, 3)`, from pixel positions before to those after flip, rotation, zoom, shift.
        fields: float32 `(count, size, size, 2)`, x and y: each pixel shows what those maps would have put so far beside
            it; `None` without distortion.
        gains: float64 `(count,)`, what all values are multiplied by.
    """

    transforms: np.ndarray
    fields: np.ndarray | None
    gains: np.ndarray

    @property
    def flipped(self) -> np.ndarray:
        """Bool `(count,)`, whether left and right are exchanged."""
        return np.linalg.det(self.transforms[:, :, :2]) < 0

    @property
    def scales(self) -> np.ndarray:
        """Float64 `(count,)`, how much larger things are afterwards."""
        return np.sqrt(np.abs(np.linalg.det(self.transforms[:, :, :2])))


def draw_changes(count: int, size: int, settings: AugmentSettings, random: np.random.Generator) -> Changes:
    """Draw the changes of `count` images of `size` x `size` pixels; what is not asked for draws no numbers."""
    transforms = draw_transforms(count, size, settings, random)
    fields = None
    if settings.elastic or settings.grid:
        fields = np.zeros((count, size, size, 2), np.float32)
    if settings.elastic:
        nodes = random.normal(0, settings.elastic * size, (count, ELASTIC_NODES, ELASTIC_NODES, 2))
        fields += _between(nodes, size, cv2.INTER_CUBIC)
    if settings.grid:
        nodes = random.uniform(-1, 1, (count, GRID_NODES, GRID_NODES, 2)) * settings.grid * size / GRID_NODES
        fields += _between(nodes, size, cv2.INTER_LINEAR)
    gains = 1 + random.uniform(-1, 1, count) * settings.brightness if settings.brightness else np.ones(count)
    return Changes(transforms, fields, gains)


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
    changes = draw_changes(len(images), size, settings, random)
    if changed is not None:
        changes.transforms[~changed] = np.eye(2, 3)
        changes.gains[~changed] = 1
        if changes.fields is not None:
            changes.fields[~changed] = 0
    return change_images(images, size, changes)


def change_images(images: np.ndarray, size: int, changes: Changes) -> np.ndarray:
    """Resize square images and change them, bilinearly, borders repeated outwards; as `augment`, with given changes."""
    transforms = changes.transforms @ resize_transform(images.shape[1], size)
    grid, results = _grid(size), []
    for number, (image, transform, gain) in enumerate(zip(images, transforms, changes.gains, strict=True)):
        if changes.fields is None:
            result = cv2.warpAffine(
                image, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        else:
            backwards = np.float32(cv2.invertAffineTransform(transform))
            come_from = cv2.transform(grid + changes.fields[number], backwards)
            result = cv2.remap(image, come_from, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        results.append(result if gain == 1 else cv2.convertScaleAbs(result, alpha=gain))
    return np.stack(results)


def change_points(points: np.ndarray, changes: Changes) -> np.ndarray:
    """Move points as `change_images` moves what they stand on.

    Args:
        points: `(count, points, 2)`, x and y in pixels of images of the size that the changes were drawn for.

    Returns:
        float64 `(count, points, 2)`.
    """
    linear, offset = changes.transforms[:, :, :2], changes.transforms[:, None, :, 2]
    moved = points @ linear.transpose(0, 2, 1) + offset
    if changes.fields is None:
        return moved
    # The field says where a pixel's content comes from; where content goes to is the fixed point of this.
    after = moved
    for _ in range(INVERSE_STEPS):
        after = moved - np.stack([_look_up(field, one) for field, one in zip(changes.fields, after, strict=True)])
    return after


def _between(nodes: np.ndarray, size: int, interpolation: int) -> np.ndarray:
    return np.stack([cv2.resize(np.float32(one), (size, size), interpolation=interpolation) for one in nodes])


def _grid(size: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32)), axis=-1)


def _look_up(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the field at points that may lie between pixels or outside."""
    x, y = np.float32(points).T[:, None]
    return cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
