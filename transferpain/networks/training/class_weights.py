"""Class weights that give every class the same say in the loss."""

import numpy as np


def class_weights(y: np.ndarray, num_classes: int) -> np.ndarray:
    """Return `w_c = N / (K n_c)`, the inverse class frequencies scaled to a mean of 1 over the rows.

    Prajod (target training) names "inverse class frequency"; the scale is our choice, not the paper's.
    A class without a row gets weight 0: no row could use it.

    Args:
        y: class of every training row, integers `(rows,)` in `0..num_classes-1`, none missing.
        num_classes: K.

    Returns:
        float32 `(num_classes,)`.

    Raises:
        ValueError: if there is no row, or a class lies outside the range.
    """
    y = np.asarray(y, dtype=np.int64)
    if y.size == 0:
        raise ValueError("Class weights need at least one training row.")
    if y.min() < 0 or y.max() >= num_classes:
        raise ValueError(f"Classes must lie in 0..{num_classes - 1}. Received: {sorted(set(y.tolist()))}")
    counts = np.bincount(y, minlength=num_classes)
    weights = np.zeros(num_classes, dtype=np.float32)
    present = counts > 0
    weights[present] = y.size / (num_classes * counts[present])
    return weights
