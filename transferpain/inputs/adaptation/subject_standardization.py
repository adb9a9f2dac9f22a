"""Per-subject standardisation: what differs between subjects anyway is taken off, feature by feature.

(x - mean_s) / deviation_s. Faces differ more between people than between pain and no pain. Common practice in the
field without a single source. A head is trained on training subjects that were treated in the same way. Transductive
if the statistics are those of the tested rows, which then depend on each other: a table has to say so.
"""

import numpy as np

from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.moments import Moments, collect_moments


def standardize_subjects(features: np.ndarray, subjects: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
    """Standardise each subject's rows by that subject's own mean and deviation.

    Args:
        features: float `(rows, D)`; a row of NaN, a frame without a face, stays one and counts nowhere.
        subjects: name of each row's subject, `(rows,)`.
        reference: bool `(rows,)`, the rows whose statistics are used, e.g. those that are not tested; all if None.

    Returns:
        float64 `(rows, D)`. A feature that does not vary within a subject's reference is only centred.

    Raises:
        UserError: if a subject has fewer than two reference rows.
    """
    features, subjects = np.asarray(features, np.float64), np.asarray(subjects)
    used = ~np.isnan(features).any(axis=1)
    if reference is not None:
        used &= np.asarray(reference, dtype=bool)
    standardized = np.empty_like(features)
    for subject in np.unique(subjects):
        own = subjects == subject
        reference_moments = collect_moments([features[own & used]])
        rows = 0 if reference_moments is None else reference_moments.rows
        if rows < 2:
            raise UserError(
                f"The rows of subject {subject} cannot be standardised.",
                rule="The mean and deviation of a subject need two rows.",
                received=f"{rows} rows",
                todo="Leave the subject out, or use no per-subject standardisation.",
            )
        standardized[own] = (features[own] - reference_moments.mean) / deviation(reference_moments)
    return standardized


def deviation(reference: Moments) -> np.ndarray:
    """Return what a subject's features are divided by, float64 `(D,)`: 1 where a feature does not vary."""
    variance = reference.scatter / reference.rows
    # The deviation of equal values can be a rounding error instead of 0.
    varies = variance > 1e-18 * (np.square(reference.mean) + variance)
    return np.sqrt(np.where(varies, variance, 1.0))
