"""Per-subject standardisation: what differs between subjects anyway is taken off, feature by feature.

(x - mean_s) / deviation_s. Faces differ more between people than between pain and no pain. Common practice in the
field without a single source. A head is trained on training subjects that were treated in the same way. Transductive:
the statistics of a tested subject are those of the tested clips, which then depend on each other.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation, learned
from transferpain.inputs.adaptation.cached import Change, adapt_files, subject_groups
from transferpain.inputs.adaptation.moments import Moments, collect_moments


class SubjectStandardization(FeatureAdaptation):
    """Each subject's features have mean 0 and deviation 1."""

    name = "subject_standardization"
    transductive = True
    sees = "all clips of each tested subject, unlabelled"
    paper = "common practice, no single source"
    features = "each person's features minus their mean, divided by their deviation"

    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        return np.union1d(learned(fold), fold.test)

    def describe(self, protocol: ProtocolSettings) -> str:
        return "unlabelled test clips (transductive)"

    def adapt(self, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, np.ndarray]:
        groups = {fold.name: subject_groups(samples, fold, self.fitted_on(samples, fold)) for fold in folds}
        return adapt_files(self.name, standardize, samples, groups, job)


SUBJECT_STANDARDIZATION = SubjectStandardization()


def standardize(clips: Iterable[np.ndarray]) -> Change | None:
    """Return what takes a subject's mean off and divides by the subject's deviation.

    Args:
        clips: the subject's features, float `(frames, D)` each; a row of NaN, a frame without a face, counts nowhere.

    Returns:
        `None` if fewer than two frames show a face. A feature that does not vary is only centred.
    """
    own = collect_moments(clips)
    if own is None or own.rows < 2:
        return None
    divisor = _deviation(own)
    return lambda features: (features - own.mean) / divisor


def _deviation(own: Moments) -> np.ndarray:
    """Return what a subject's features are divided by, float64 `(D,)`: 1 where a feature does not vary."""
    variance = own.scatter / own.rows
    # The deviation of equal values can be a rounding error instead of 0.
    varies = variance > 1e-18 * (np.square(own.mean) + variance)
    return np.sqrt(np.where(varies, variance, 1.0))
