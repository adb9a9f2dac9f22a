"""How well a source should transfer to a target, computed from features and labels without training a head.

All scores are higher where transfer should be better; only the proxy A-distance is a distance, between two domains.
Rows are clips, each the mean of its frames' features: frames of a clip are alike, and counted singly they make every
score too sure. LogME, TransRate and the regularised H-score depend on the scale of the features, so all sources must
be scaled in the same way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, weightedtau
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import scale

LOGME_ITERATIONS = 1000
LOGME_TOLERANCE = 1e-8
TINY = 1e-12  # labels that features predict perfectly, or not at all, drive a precision to infinity
DOMAIN_FOLDS = 5
# With three pairs the smallest two-sided p of Kendall's tau is .33, and tau itself takes four values.
FEWEST_PAIRS = 4
TRANSRATE_OF_TWO = "With two classes TransRate does not see how far apart their means lie."


@dataclass(frozen=True)
class Score:
    """A transferability score; `value` is None where the sample does not support it, and `reason` says why."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Agreement:
    """How well a score orders the sources: both taus are None where they are not defined, and `reason` says why.

    Attributes:
        kendall: Kendall's tau-b, -1 to 1.
        weighted: tau that weights exchanges among the best sources most, hyperbolically (Vigna 2015).
        p: two-sided p-value of Kendall's tau.
        pairs: number of sources.
    """

    kendall: float | None
    weighted: float | None
    p: float | None
    pairs: int
    reason: str = ""


def clip_means(clips: Iterable[np.ndarray]) -> np.ndarray:
    """Return the mean of each clip's frames, float64 `(clips, D)`; a row of NaN for a clip without any face.

    Args:
        clips: features of each clip, float `(frames, D)`, a row of NaN for a frame without a face.
    """
    means = []
    for frames in clips:
        seen = frames[~np.isnan(frames).any(axis=1)].astype(np.float64)  # float16 sums overflow
        means.append(seen.mean(axis=0) if len(seen) else np.full(frames.shape[1], np.nan))
    return np.stack(means)


def score_transfer(features: np.ndarray, labels: np.ndarray, probabilities: np.ndarray | None) -> dict[str, Score]:
    """Compute every score that the sample supports.

    Args:
        features: clip means of a source's embedding, float `(clips, D)`.
        labels: the target's classes, integers `(clips,)`.
        probabilities: the source's own outputs, clip means `(clips, source classes)`; None without trained outputs.

    Returns:
        `logme`, `leep`, `nce`, `h_score`, `regularized_h_score`, `transrate`.

    Raises:
        ValueError: if the shapes do not agree or a value is not finite.
    """
    features, labels = _checked(features, labels)
    names = ("logme", "leep", "nce", "h_score", "regularized_h_score", "transrate")
    counts = np.bincount(labels)
    classes = int((counts > 0).sum())
    if classes < 2:
        return dict.fromkeys(names, Score(None, "The labelled clips are all of one class."))
    if counts[counts > 0].min() < 2:
        return dict.fromkeys(names, Score(None, "A class has a single clip: its mean is that clip."))
    if (features == features[0]).all():
        return dict.fromkeys(names, Score(None, "The features are the same for every clip."))
    clips, width = features.shape
    singular = f"{clips} clips do not determine the covariance of {width} features; the regularised score does."
    outputless = Score(None, "The source has no trained outputs.")
    return {
        "logme": Score(logme(features, labels)),
        "leep": outputless if probabilities is None else Score(leep(probabilities, labels)),
        "nce": outputless if probabilities is None else Score(nce(np.argmax(probabilities, axis=1), labels)),
        "h_score": Score(h_score(features, labels)) if clips > width else Score(None, singular),
        "regularized_h_score": Score(regularized_h_score(features, labels)),
        "transrate": Score(transrate(features, labels)) if classes > 2 else Score(None, TRANSRATE_OF_TWO),
    }


def logme(features: np.ndarray, labels: np.ndarray) -> float:
    """Return LogME: the evidence of a Bayesian linear model of each class against the rest, maximised and averaged.

    The two precisions are found by fixed-point iteration (You et al., ICML 2021; JMLR 2022).

    Args:
        features: float `(clips, D)`.
        labels: integers `(clips,)`.

    Returns:
        Log evidence per clip, in nats, averaged over the classes that occur.
    """
    features, labels = _checked(features, labels)
    clips, width = features.shape
    spectrum, axes = np.linalg.eigh(features.T @ features)
    spectrum = np.where(spectrum > spectrum[-1] * width * np.finfo(np.float64).eps, spectrum, 0.0)
    evidences = []
    for label in np.unique(labels):
        target = (labels == label).astype(np.float64)
        reached = (axes.T @ (features.T @ target)) ** 2
        projected = np.divide(reached, spectrum, out=np.zeros(width), where=spectrum > 0)
        outside = max(float(target @ target - projected.sum()), 0.0)  # what no weights can explain
        evidences.append(_maximal_evidence(spectrum, projected, outside, clips))
    return float(np.mean(evidences))


def leep(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return LEEP: the mean log-likelihood of the labels, predicted through the source's own classes.

    Nguyen et al., ICML 2020: mean over clips of log sum_z P(y | z) theta(x)_z.

    Args:
        probabilities: the source's outputs, float `(clips, source classes)`, rows summing to one.
        labels: integers `(clips,)`.
    """
    probabilities, labels = _checked(probabilities, labels)
    joint = _one_hot(labels).T @ probabilities / len(labels)  # (classes, source classes)
    reached = joint.sum(axis=0)
    conditional = np.divide(joint, reached, out=np.zeros_like(joint), where=reached > 0)
    return float(np.log((probabilities * conditional[labels]).sum(axis=1)).mean())


def nce(source_labels: np.ndarray, labels: np.ndarray) -> float:
    """Return the negative conditional entropy -H(Y | Z) of the labels given the source's answers, in nats.

    Tran et al., ICCV 2019.

    Args:
        source_labels: the source's most probable class of each clip, integers `(clips,)`.
        labels: integers `(clips,)`.
    """
    labels, answers = (np.asarray(values).astype(np.int64) for values in (labels, source_labels))
    joint = _one_hot(labels).T @ _one_hot(answers) / len(labels)
    conditional = joint / np.maximum(joint.sum(axis=0), np.finfo(float).tiny)
    seen = joint > 0
    return float((joint[seen] * np.log(conditional[seen])).sum())


def h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Return the H-score tr(cov(f)^-1 cov(E[f | y])): how far classes lie apart, in units of the features' spread.

    Bao et al., ICIP 2019. With no more clips than features it says nothing: any labels can then be told apart.

    Args:
        features: float `(clips, D)`.
        labels: integers `(clips,)`.
    """
    features, labels = _checked(features, labels)
    covariance = np.atleast_2d(np.cov(features, rowvar=False))
    rounding = len(covariance) * np.finfo(np.float64).eps  # a feature that is always 0 must not count as a direction
    inverse = np.linalg.pinv(covariance, rcond=rounding, hermitian=True)
    return float((inverse * _between_classes(features, labels)).sum())


def regularized_h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Return the H-score with a Ledoit-Wolf covariance, which also serves fewer clips than features.

    Ibrahim et al. 2022: both covariances are shrunk by the same share, which leaves (1 - shrinkage) of the second.

    Args:
        features: float `(clips, D)`.
        labels: integers `(clips,)`.
    """
    features, labels = _checked(features, labels)
    covariance, shrinkage = ledoit_wolf(features)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    return float((1 - shrinkage) * (inverse * _between_classes(features, labels)).sum())


def transrate(features: np.ndarray, labels: np.ndarray, epsilon: float = 1e-4) -> float:
    """Return TransRate: the coding rate of all features minus the mean coding rate within classes.

    Huang et al., ICML 2022. Only the mean of all features is taken off, not that of each class. Two classes far apart
    have the same second moments as their mixture, so that with two classes it does not see where their means lie.

    Args:
        features: float `(clips, D)`.
        labels: integers `(clips,)`.
        epsilon: distortion of the code, relative to the features' squared scale.
    """
    features, labels = _checked(features, labels)
    centred = features - features.mean(axis=0)
    within = [_coding_rate(centred[labels == label], epsilon) for label in np.unique(labels)]
    return float(_coding_rate(centred, epsilon) - np.mean(within))


def proxy_a_distance(
    source: np.ndarray, target: np.ndarray, source_subjects: np.ndarray, target_subjects: np.ndarray
) -> Score:
    """Return how easily a linear classifier tells two domains apart: 0 not at all, 2 without an error.

    Ben-David et al. 2007: 2 (1 - 2 error), cut off at 0. The error is the mean of both domains' errors, of a ridge
    classifier on subjects that it was not trained on (five folds; our choice: otherwise it would recognise people).

    Args:
        source: features of clips of the one domain, float `(clips, D)`.
        target: features of the other, as wide.
        source_subjects: name of each row's subject, `(clips,)`.
        target_subjects: the same for the other domain.
    """
    features = np.concatenate([source, target]).astype(np.float64)
    domain = np.repeat([0, 1], [len(source), len(target)])
    own_names = [f"{side}/{name}" for side, name in zip(domain, [*source_subjects, *target_subjects], strict=True)]
    people = [len(set(source_subjects)), len(set(target_subjects))]
    if min(people) < 2:
        received = f"{people[0]} and {people[1]} subjects"
        return Score(None, f"Each domain needs two subjects, one to train on and one to test on: {received}.")
    standardized = np.column_stack([scale(features), np.ones(len(features))])
    side = 2.0 * domain - 1
    importance = 1 / np.bincount(domain)[domain]  # both domains count the same
    answers = np.empty_like(domain)
    for train, test in GroupKFold(min(DOMAIN_FOLDS, *people)).split(features, domain, own_names):
        weighted = (standardized[train] * (importance[train] / importance[train].mean())[:, None]).T
        ridge = np.eye(standardized.shape[1])
        answers[test] = (
            standardized[test] @ np.linalg.solve(weighted @ standardized[train] + ridge, weighted @ side[train]) > 0
        )
    error = 1 - balanced_accuracy_score(domain, answers)
    return Score(float(max(0.0, 2 * (1 - 2 * error))))


def agreement(predicted: np.ndarray, achieved: np.ndarray) -> Agreement:
    """Compare what a score predicts with what was achieved, over the sources of one target.

    Args:
        predicted: a transferability score of each source, `(sources,)`.
        achieved: the measured score of each, `(sources,)`, in the same order.

    Raises:
        ValueError: if the lengths differ.
    """
    predicted, achieved = np.asarray(predicted, np.float64), np.asarray(achieved, np.float64)
    if predicted.shape != achieved.shape or predicted.ndim != 1:
        raise ValueError(f"Both need the shape (sources,). Received: {predicted.shape} and {achieved.shape}")
    number = len(predicted)
    if number < FEWEST_PAIRS:
        reason = f"{number} sources: their order is a matter of chance below {FEWEST_PAIRS}."
        return Agreement(None, None, None, number, reason)
    if len(set(predicted)) == 1 or len(set(achieved)) == 1:
        return Agreement(None, None, None, number, "All values of one side are equal: they have no order.")
    kendall = kendalltau(predicted, achieved)
    weighted = weightedtau(predicted, achieved)
    return Agreement(float(kendall.statistic), float(weighted.statistic), float(kendall.pvalue), number)


def _maximal_evidence(spectrum: np.ndarray, projected: np.ndarray, outside: float, clips: int) -> float:
    """Maximise the evidence of one class over the precision of weights (alpha) and of noise (beta); see `logme`."""
    alpha, beta, ratio = 1.0, 1.0, 1.0
    for _ in range(LOGME_ITERATIONS):
        ratio = alpha / beta
        used = (spectrum / (ratio + spectrum)).sum()  # effective number of weights
        weights = (spectrum * projected / (ratio + spectrum) ** 2).sum()
        residual = (projected * ratio**2 / (ratio + spectrum) ** 2).sum() + outside
        alpha, beta = (
            max(above, TINY) / max(below, TINY) for above, below in ((used, weights), (clips - used, residual))
        )
        if abs(alpha / beta - ratio) <= LOGME_TOLERANCE * ratio:
            break
    ratio = alpha / beta
    weights = (spectrum * projected / (ratio + spectrum) ** 2).sum()
    residual = (projected * ratio**2 / (ratio + spectrum) ** 2).sum() + outside
    log_determinant = np.log(alpha + beta * spectrum).sum()
    evidence = clips * np.log(beta) + len(spectrum) * np.log(alpha) - clips * np.log(2 * np.pi)
    return (evidence - beta * residual - alpha * weights - log_determinant) / (2 * clips)


def _between_classes(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the covariance of the rows' class means, `(D, D)`."""
    one_hot = _one_hot(labels)
    counts = one_hot.sum(axis=0)
    means = one_hot.T @ features / np.maximum(counts, 1)[:, None] - features.mean(axis=0)
    return (means * counts[:, None]).T @ means / (len(labels) - 1)


def _coding_rate(centred: np.ndarray, epsilon: float) -> float:
    scatter = centred.T @ centred / (len(centred) * epsilon)
    return 0.5 * np.linalg.slogdet(np.eye(len(scatter)) + scatter)[1]


def _one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(labels.max() + 1)[labels]


def _checked(values: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, labels = np.asarray(values, np.float64), np.asarray(labels)
    if values.ndim != 2 or labels.shape != values.shape[:1]:
        raise ValueError(f"The shapes must be (clips, D) and (clips,). Received: {values.shape} and {labels.shape}")
    if not np.isfinite(values).all():
        raise ValueError("Every value must be finite. Received: NaN or infinity")
    return values, labels.astype(np.int64)
