"""Small clip networks, and clips whose class the order of their frames tells alone."""

import keras
import numpy as np

from transferpain.networks.clips.base import ClipNetworkSettings
from transferpain.networks.clips.registry import CLIP_NETWORKS

SIZE, FRAMES = 32, 8
TINY, FEW = 16, 6  # of the clips that are learned from
SMALL = {
    "cnn_3d": {"channels": (8, 16, 16), "dropout": 0.2},
    "vivit": {"patch": 8, "tubelet": 1, "width": 32, "spatial_blocks": 1, "temporal_blocks": 2},
}


def settings_of(name: str, **changes) -> ClipNetworkSettings:
    return CLIP_NETWORKS[name].Settings(kind=name, **{"frames": FRAMES} | SMALL[name] | changes)


def build(name: str, seed: int = 0, classes: int = 2, size: int = SIZE, **changes) -> keras.Model:
    return CLIP_NETWORKS[name].build(settings_of(name, **changes), size, classes, seed)


def noise(rows: int, frames: int = FRAMES, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(0).random((rows, frames, size, size, 3), np.float32)


def ordered(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows in which two places light up, of which the class says which one comes first; else they are alike.

    Returns:
        float32 `(rows, FEW, TINY, TINY, 3)` and int64 `(rows,)`.
    """
    random = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    x = random.normal(0.0, 0.02, (rows, FEW, TINY, TINY, 3)).astype(np.float32)
    for row, label in enumerate(y):
        early, late = np.sort(random.choice(FEW, 2, replace=False))[:: 1 if label else -1]
        x[row, early, :, : TINY // 2] += 1
        x[row, late, :, TINY // 2 :] += 1
    return x, y


def shuffled(x: np.ndarray, seed: int) -> np.ndarray:
    """Return windows whose frames stand in an order that is drawn for each."""
    random = np.random.default_rng(seed)
    return np.stack([clip[random.permutation(len(clip))] for clip in x])
