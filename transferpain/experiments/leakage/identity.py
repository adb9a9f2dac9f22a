"""The person instead of pain."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.evaluation.permutation import permute_within_subjects
from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.leakage.evidence import (
    NO_LABELS,
    NO_SUBJECTS,
    Evidence,
    LeakageCheck,
    Verdict,
    not_applicable,
    percent,
)
from transferpain.inputs.features.cache import read_features

SIGNIFICANT = 0.05


def run(evidence: Evidence) -> Verdict:
    """Check that the score beats labels permuted within each subject, and say how well features tell people apart."""
    if not evidence.has_subjects:
        return not_applicable(NO_SUBJECTS)
    if not len(evidence.tested):
        return not_applicable(NO_LABELS)
    return judge_answers(evidence.predictions, evidence.labels_frames, identify_subjects(evidence))


def judge_answers(predictions: pd.DataFrame, in_series: bool, known: tuple[float, int] | None) -> Verdict:
    """Return the verdict on a table of predictions with subjects and labels.

    Args:
        in_series: as for `permute_within_subjects`.
        known: of `identify_subjects`.
    """
    test = permute_within_subjects(predictions, in_series=in_series)
    if np.isnan(test.p):
        return not_applicable("No tested subject has clips of two classes.")
    figure = f"balanced accuracy {test.observed:.3f}, with permuted labels {test.mean:.3f}, p = {test.p:.4f}"
    if known is not None:
        figure += f"; features name the right one of {known[1]} subjects in {percent(known[0])} of the clips"
    explanation = (
        "Features that know the person are common. The line fails if the score does not beat labels permuted within "
        f"subject (p < {SIGNIFICANT})."
    )
    return Verdict("pass" if test.p < SIGNIFICANT else "fail", figure, explanation)


def identify_subjects(evidence: Evidence) -> tuple[float, int] | None:
    """Name the subject of each clip by the most similar other clip (mean features, nearest neighbour).

    Returns:
        Share of right answers, and number of subjects; `None` where no features were cached, or fewer than two
        subjects have two clips with a face.
    """
    if evidence.stage is None or "features" not in evidence.stage:
        return None
    means, subjects = [], []
    for path, subject in zip(evidence.stage["features"], subject_names(evidence.files), strict=True):
        features = read_features(Path(path)) if path else np.empty((0, 1))
        found = features[~np.isnan(features[:, 0])]
        if len(found):
            means.append(found.mean(axis=0, dtype=np.float32))
            subjects.append(subject)
    subject, names = pd.factorize(np.array(subjects, dtype=object))
    repeated = np.bincount(subject, minlength=len(names))[subject] >= 2
    if len(set(subject[repeated])) < 2:
        return None
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    rows, subject = StandardScaler().fit_transform(np.stack(means)[repeated]), subject[repeated]
    # Without a query the search leaves each clip itself out.
    nearest = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(return_distance=False)[:, 0]
    return float((subject[nearest] == subject).mean()), len(set(subject))


IDENTITY = LeakageCheck("Identity instead of pain", run)
