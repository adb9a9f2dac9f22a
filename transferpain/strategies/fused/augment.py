"""The random changes of a picture, for the landmarks that belong to it."""

import numpy as np

from transferpain.inputs.landmarks.geometry import MIRRORED
from transferpain.networks.training.augment import Changes, change_points


def change_landmarks(landmarks: np.ndarray, changes: Changes) -> np.ndarray:
    """Move landmarks as their picture is changed (El-Ghaish augments pictures; the same draw for both is our choice).

    In a mirrored face the left eye is on the right, so that its points change their numbers, too.

    Args:
        landmarks: `(count, 478, 3)`, or `(count, T, 478, 3)` where each row is T frames that are changed alike; in
            pixels of the pictures that the changes were drawn for, see `points_in_crop`; z on the scale of x.
        changes: one for each row.

    Returns:
        float32, of the same shape; to be placed between the eyes, where shift and zoom are gone again.
    """
    points = landmarks.reshape(len(landmarks), -1, 3)
    depth = points[..., 2:] * changes.scales[:, None, None]
    moved = np.concatenate([change_points(points[..., :2], changes), depth], axis=-1).reshape(landmarks.shape)
    flipped = changes.flipped
    moved[flipped] = moved[flipped][..., MIRRORED, :]
    return moved.astype(np.float32)
