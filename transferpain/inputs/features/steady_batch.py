"""How many pictures a step takes, such that the features of a picture are the same at every place of a batch.

A processor multiplies matrices in blocks of rows, and the rows that are left over by another kernel, whose sums end in
other last bits. Batches run across the borders of clips, so the place of a picture depends on what was computed
before it: with such a batch an interrupted extraction would not end with the bits of an undisturbed one.
"""

from collections.abc import Callable

import numpy as np

# Blocks of rows have 2, 3, 4, 6, 8, 12 or 24 of them on the processors that are about.
BLOCKS = (12, 24)


def steady_batch(embed: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...], batch: int) -> int:
    """Return the pictures a step: `batch`, a little more where places tell on the features, 1 if nothing else helps.

    It is measured, by batches of one picture alone: its features must be alike in all places, bit for bit. The picture
    is drawn noise, the same each time, so that what is measured does not go by what was computed before.

    Args:
        embed: uint8 RGB `(pictures, size, size, 3)` -> float32 `(pictures, D)`.
        shape: of a picture, `(size, size, 3)`.
        batch: pictures a step that were asked for.
    """
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for size in dict.fromkeys((batch, *(-(-batch // block) * block for block in BLOCKS))):
        features = embed(np.repeat(picture[None], size, axis=0))
        if (features == features[0]).all():
            return size
    return 1
