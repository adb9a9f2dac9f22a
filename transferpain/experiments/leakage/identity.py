"""A score above chance, found by refitting; and whether who is shown is enough for it.

A probe that only recognises people scores as well on labels that are shuffled among a subject's own clips as on the
true ones (Chaibub Neto et al., arXiv 1712.03120), if it learns from these labels. Between people who are not trained on
nothing of that is left, unless they are: under another name.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import learn_from_each_other
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.metrics.balanced_accuracy import balanced_accuracy
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
# A line that looks for a leak may say so without one in one run of a hundred.
LEAKS = 0.01
DRAWS = 200
FOLDS = 5
MAX_ROWS = 2000
# Of ridge regression, as a share of the mean variance of all directions (our choice).
RIDGE = 0.1


@dataclass(frozen=True)
class Refitted:
    """Balanced accuracies of a probe that is fitted anew to each order of the labels.

    Attributes:
        observed: with the true labels.
        permuted: with labels permuted within each subject, `(draws,)`.
        exchanged: with each subject having the labels of another one, `(draws,)`.
    """

    observed: float
    permuted: np.ndarray
    exchanged: np.ndarray

    @property
    def p(self) -> float:
        """Share of the permutations that reach the true labels' score."""
        return _share(self.permuted >= self.observed - 1e-12)

    @property
    def p_identity(self) -> float:
        """Share of the exchanges that score as high as permuted labels do on average."""
        return _share(self.exchanged >= self.permuted.mean() - 1e-12)


def run(evidence: Evidence) -> Verdict:
    """Check that a probe learns nothing from labels that only say who is shown, and say whether it learns from true
    ones."""
    if not evidence.has_subjects:
        return not_applicable(NO_SUBJECTS)
    if not len(evidence.tested):
        return not_applicable(NO_LABELS)
    rows = probe_rows(evidence)
    if rows is None:
        return judge_answers(evidence.predictions, evidence.labels_frames, learn_from_each_other(evidence.folds))
    features, labels, subjects = rows
    if not can_be_permuted(labels, subjects):
        return not_applicable("No subject has clips of two classes.")
    refitted = refit(features, labels, subjects)
    chance = 1 / len(np.unique(labels))
    is_leak = refitted.permuted.mean() > chance and refitted.p_identity < LEAKS
    figure = (
        f"a probe on the features: balanced accuracy {refitted.observed:.3f}, p = {refitted.p:.4f}; refitted to labels "
        f"permuted within subjects {refitted.permuted.mean():.3f}, p = {refitted.p_identity:.4f}; chance {chance:.3f}"
    )
    known = identify_subjects(evidence)
    if known is not None:
        figure += f"; features name the right one of {known[1]} subjects in {percent(known[0])} of the clips"
    above = "above chance" if refitted.p < SIGNIFICANT else "not above chance, which is no leak"
    explanation = (
        f"A linear probe, cross-validated over groups of subjects, is {above}. The line fails where labels that only "
        f"say who is shown are enough (p < {LEAKS}): one person stands under two names."
    )
    return Verdict("fail" if is_leak else "pass", figure, explanation)


def judge_answers(predictions: pd.DataFrame, in_series: bool, cross_validated: bool | None = None) -> Verdict:
    """Say whether answers beat permuted labels, where nothing is kept that a probe could be refitted to.

    Args:
        predictions: a table with subjects and labels.
        in_series, cross_validated: as for `permute_within_subjects`.
    """
    test = permute_within_subjects(predictions, in_series=in_series, cross_validated=cross_validated)
    if np.isnan(test.p):
        return not_applicable("No tested subject has clips of two classes.")
    figure = f"balanced accuracy {test.observed:.3f}, with permuted labels {test.mean:.3f}, p = {test.p:.4f}"
    above = (
        "above chance" if test.p < SIGNIFICANT and test.observed > test.mean else "not above chance, which is no leak"
    )
    return Verdict("not applicable", figure, f"There are no features to refit a probe to. The answers are {above}.")


def probe_rows(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return what a probe is fitted to: mean features of labelled samples `(rows, D)`, their classes, their subjects.

    Of more than `MAX_ROWS` as many are taken, spread evenly; `None` where no features were cached.
    """
    if evidence.stage is None or "features" not in evidence.stage:
        return None
    labelled = np.flatnonzero(evidence.samples["y"].notna())
    if len(labelled) > MAX_ROWS:
        labelled = labelled[np.linspace(0, len(labelled) - 1, MAX_ROWS).round().astype(int)]
    means, kept = [], []
    paths = evidence.stage["features"].to_numpy()[evidence.file_of]
    rows = evidence.samples["row"].to_numpy()
    for sample in labelled:
        path = paths[sample]
        features = read_features(Path(path)) if path else np.empty((0, 1))
        shown = features if rows[sample] < 0 else features[rows[sample] : rows[sample] + 1]
        shown = shown[~np.isnan(shown[:, 0])]
        if len(shown):
            means.append(shown.mean(axis=0, dtype=np.float32))
            kept.append(sample)
    if not kept:
        return None
    return np.stack(means), evidence.samples["y"].iloc[kept].to_numpy(dtype=np.int64), evidence.subjects[kept]


def can_be_permuted(labels: np.ndarray, subjects: np.ndarray) -> bool:
    """Tell whether a subject has rows of two classes, and there are two subjects."""
    classes = pd.Series(labels).groupby(subjects).nunique()
    return len(classes) > 1 and bool((classes > 1).any())


def refit(features: np.ndarray, labels: np.ndarray, subjects: np.ndarray, draws: int = DRAWS) -> Refitted:
    """Fit a linear probe to the true labels and to permuted ones, for groups of subjects that it does not learn from.

    It is ridge regression on the classes, whose closed form fits all orders of the labels at once; a class is the
    answer where its value exceeds its mean in training most.

    Args:
        features: float `(rows, D)`.
        labels: int64 `(rows,)`.
        subjects: `(rows,)`.
        draws: orders of the labels of either kind.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold
    from sklearn.preprocessing import StandardScaler

    _, labels = np.unique(labels, return_inverse=True)
    subject, names = pd.factorize(subjects)
    generator = np.random.default_rng(0)
    own = np.stack([_permuted(labels, subject, generator) for _ in range(draws)])
    exchanged = np.stack([_exchanged(labels, subject, generator) for _ in range(draws)])
    orders = np.concatenate([labels[np.newaxis], own, exchanged])  # (orders, rows)
    classes = int(labels.max()) + 1
    targets = np.eye(classes, dtype=np.float32)[orders.T].reshape(len(labels), -1)  # (rows, orders * classes)
    answers = np.empty_like(orders)
    for train, test in GroupKFold(min(FOLDS, len(names))).split(features, labels, subject):
        scaler = StandardScaler().fit(features[train])
        known, asked = scaler.transform(features[train]), scaler.transform(features[test])
        strength = RIDGE * float(np.square(known).sum()) / min(known.shape)
        said = Ridge(alpha=max(strength, 1e-6)).fit(known, targets[train]).predict(asked) - targets[train].mean(axis=0)
        answers[:, test] = said.reshape(len(test), len(orders), classes).argmax(axis=2).T
    groups = np.repeat(np.arange(len(orders)), len(labels))
    counts = count_confusions(groups, orders.ravel(), answers.ravel(), (len(orders), classes))
    scores = balanced_accuracy(counts)
    return Refitted(float(scores[0]), scores[1 : draws + 1], scores[draws + 1 :])


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


def _permuted(labels: np.ndarray, subject: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the labels in another order within each subject."""
    permuted = np.empty_like(labels)
    permuted[np.argsort(subject, kind="stable")] = labels[np.lexsort((generator.random(len(labels)), subject))]
    return permuted


def _exchanged(labels: np.ndarray, subject: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return labels of which each subject has those of another one, in any order; repeated where there are too few."""
    exchanged = np.empty_like(labels)
    others = generator.permutation(subject.max() + 1)
    for one, other in enumerate(others):
        places = np.flatnonzero(subject == one)
        exchanged[places] = np.resize(generator.permutation(labels[subject == other]), len(places))
    return exchanged


def _share(reached: np.ndarray) -> float:
    return float((1 + reached.sum()) / (1 + len(reached)))


IDENTITY = LeakageCheck("Above chance, by refitting", run)
