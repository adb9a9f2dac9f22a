"""Whether a run knows more than who is in the picture: labels permuted within each subject.

A model that only recognises people scores as well on labels that are shuffled among a subject's own clips as on
the true ones (Chaibub Neto et al., arXiv 1712.03120).

Nothing learns anew from permuted labels: the answers are given. Where one fixed part is tested that is exact. In a
cross-validation answers on one person hang on the labels of the others, so that a score varies more than permutations
under given answers do; `widen` makes up for it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import CLIP, labelled_rows, number_of_classes, subject_names

PERMUTATIONS = 2000
# How much further a score of a cross-validation can lie from its mean than permutations under given answers.
WIDER = 2**0.5
# Bounds the memory of the permutations that are scored together.
ANSWERS_AT_ONCE = 100_000


@dataclass(frozen=True)
class PermutationTest:
    """A score, averaged over seeds, beside its distribution under permuted labels.

    Attributes:
        observed: the score with the true labels.
        mean: its mean with permuted labels.
        p: two-sided: twice the share of the permutations that lie as far out on the same side, the true order counted
            as one; NaN where no subject has clips of two classes, so that nothing can be permuted.
        widened: whether the permuted scores were spread for a cross-validation.
    """

    observed: float
    mean: float
    p: float
    widened: bool = False


def permute_within_subjects(
    predictions: pd.DataFrame,
    metric: str = "balanced_accuracy",
    *,
    in_series: bool = False,
    cross_validated: bool | None = None,
    draws: int = PERMUTATIONS,
    seed: int = 0,
) -> PermutationTest:
    """Test whether a run's score beats labels that are permuted among each subject's own clips.

    A permutation is the same for all seeds of a run, and its score is the mean over them.

    Args:
        predictions: the table of a run.
        metric: a name from `COMPARED`.
        in_series: whether rows of a subject that follow each other by name hang together, as the frames of a video
            do: then a subject's labels are shifted in a circle, which keeps neighbours together.
        cross_validated: whether a fold learned from labels of subjects that another one tests, so that the permuted
            scores are spread by `widen`; by default wherever the table has several folds.
        draws: number of permutations.
        seed: of the permutations.

    Raises:
        UserError: if no clip has a label.
    """
    if cross_validated is None:
        cross_validated = has_several_folds(predictions)
    observed, scores = permuted_scores(
        predictions, metric, in_series=in_series, cross_validated=cross_validated, draws=draws, seed=seed
    )
    if not len(scores):
        return PermutationTest(observed, observed, float("nan"))
    tail = min(share_reaching(scores, observed), share_reaching(-scores, -observed))
    return PermutationTest(observed, float(scores.mean()), min(1.0, 2 * tail), cross_validated)


def share_reaching(scores: np.ndarray, observed: float) -> float:
    """Return the share of permuted scores `(draws,)` that reach the observed one, which counts as one of them."""
    # The tolerance keeps rounding from turning a tie into a win.
    return (1 + int((scores >= observed - 1e-12).sum())) / (1 + len(scores))


def has_several_folds(predictions: pd.DataFrame) -> bool:
    """Tell whether the labelled clips of a table are tested in several folds."""
    return labelled_rows(predictions)["fold"].astype(str).nunique() > 1


def widen(scores: np.ndarray) -> np.ndarray:
    """Spread permuted scores of cross-validated answers about their mean, √2 times as far.

    A score is a sum of one part per subject. Given the answers, permutations let the parts vary each by itself. In
    truth the parts of two subjects vary together, because each is learned from for the other's answers. Where an answer
    hangs on the labels of the others one at a time, two subjects add (a + b)² to the variance of the score, and a² + b²
    to that of the permutations, which is at least half of it: √2 is enough for any learner of this kind and any number
    of folds, and is needed where nearest neighbours are each other's. Nadeau & Bengio (Machine Learning 52, 2003) find
    the variance of k folds 1 + k / (k - 1) times as large by taking the share that is tested for the correlation of
    folds: the same for many folds. Answers that hang on several labels at once are not bounded by this; the benchmark
    `permutations` measures thresholds, kernels and votes of neighbours.

    Args:
        scores: float64 `(draws,)`.
    """
    mean = scores.mean()
    return mean + WIDER * (scores - mean)


def permuted_scores(
    predictions: pd.DataFrame,
    metric: str = "balanced_accuracy",
    *,
    in_series: bool = False,
    cross_validated: bool | None = None,
    draws: int = PERMUTATIONS,
    seed: int = 0,
) -> tuple[float, np.ndarray]:
    """Return a run's score, and the scores with labels permuted among each subject's own clips, float64 `(draws,)`.

    Arguments and what is raised are those of `permute_within_subjects`. Where no subject has clips of two classes,
    nothing can be permuted, and no score is returned.
    """
    if cross_validated is None:
        cross_validated = has_several_folds(predictions)
    rows = labelled_rows(predictions)
    if rows.empty:
        raise UserError("There is nothing to permute.", rule="At least one clip needs a label.", received="no label")
    answers = rows.pivot(index=CLIP, columns="seed", values="y_pred")
    clips = rows.drop_duplicates(CLIP).set_index(CLIP).loc[answers.index]
    y_true = clips["y_true"].to_numpy(dtype=np.int64)
    subject, names = pd.factorize(subject_names(answers.index.to_frame(index=False)))
    num_seeds, num_classes = answers.shape[1], number_of_classes(predictions)
    y_pred = answers.to_numpy(dtype=np.int64)

    def measure(labels: np.ndarray) -> np.ndarray:
        """Score orders of the labels, `(orders, clips)`: the mean over the seeds of each, `(orders,)`."""
        orders = len(labels)
        groups = np.arange(orders * num_seeds).reshape(orders, 1, num_seeds)
        shape = (orders, len(y_true), num_seeds)
        cells = (groups, labels[:, :, np.newaxis], y_pred)
        counts = count_confusions(
            *(np.broadcast_to(cell, shape).ravel() for cell in cells), (orders * num_seeds, num_classes)
        )
        return METRICS[metric].measure(counts).reshape(orders, num_seeds).mean(axis=1)

    observed = float(measure(y_true[np.newaxis])[0])
    if pd.DataFrame({"subject": subject, "y": y_true}).drop_duplicates().shape[0] == len(names):
        return observed, np.empty(0)
    generator = np.random.default_rng(seed)
    in_order = np.argsort(subject, kind="stable")
    sizes = np.bincount(subject)
    size, first = np.repeat(sizes, sizes), np.repeat(np.cumsum(sizes) - sizes, sizes)
    scores = []
    at_once = max(1, ANSWERS_AT_ONCE // y_pred.size)
    for start in range(0, draws, at_once):
        orders = min(at_once, draws - start)
        if in_series:
            steps = np.repeat(generator.integers(sizes, size=(orders, len(sizes))), sizes, axis=1)
            shuffled = in_order[first + (np.arange(len(y_true)) - first + steps) % size]
        else:
            shuffled = np.argsort(subject + generator.random((orders, len(y_true))), axis=1)
        permuted = np.empty((orders, len(y_true)), np.int64)
        permuted[:, in_order] = y_true[shuffled]
        scores.append(measure(permuted))
    found = np.concatenate(scores)
    return observed, widen(found) if cross_validated else found
