"""Baseline subtraction: each subject's mean face without pain is taken off.

x - mean(baseline of s). Common practice in the field without a single source. The baseline clips carry a label (no
pain) and must be taken out of the test; then the method is not transductive.
"""

import numpy as np

from transferpain.core.errors import UserError


def subtract_baseline(features: np.ndarray, subjects: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Subtract from each subject's rows the mean of that subject's baseline rows.

    Args:
        features: float `(rows, D)`; a row of NaN, a frame without a face, stays one and counts nowhere.
        subjects: name of each row's subject, `(rows,)`.
        baseline: bool `(rows,)`, the rows that show no pain.

    Returns:
        float64 `(rows, D)`, the baseline rows included.

    Raises:
        UserError: if a subject has no baseline row.
    """
    features, subjects = np.asarray(features, np.float64), np.asarray(subjects)
    baseline = np.asarray(baseline, dtype=bool) & ~np.isnan(features).any(axis=1)
    without = sorted(set(subjects) - set(subjects[baseline]))
    if without:
        raise UserError(
            "Some subjects have no baseline.",
            rule="Each subject needs a clip that shows no pain and is not tested.",
            received=", ".join(map(str, without)),
            todo="Leave these subjects out, or use no baseline subtraction.",
        )
    names, which = np.unique(subjects, return_inverse=True)
    means = np.stack([features[baseline & (subjects == name)].mean(axis=0) for name in names])
    return features - means[which]
