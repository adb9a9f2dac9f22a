"""Whether a run knows more than who is in the picture: labels permuted within each subject.

A model that only recognises people scores as well on labels that are shuffled among a subject's own clips as on
the true ones (Chaibub Neto et al., arXiv 1712.03120).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import CLIP, labelled_rows, number_of_classes, subject_names

PERMUTATIONS = 2000
# Bounds the memory of the permutations that are scored together.
ANSWERS_AT_ONCE = 100_000


@dataclass(frozen=True)
class PermutationTest:
    """A score, averaged over seeds, beside its distribution under permuted labels.

    Attributes:
        observed: the score with the true labels.
        mean: its mean with permuted labels.
        p: share of the permutations that score at least as well, the true order counted as one; NaN where no
            subject has clips of two classes, so that nothing can be permuted.
    """

    observed: float
    mean: float
    p: float


def permute_within_subjects(
    predictions: pd.DataFrame,
    metric: str = "balanced_accuracy",
    *,
    in_series: bool = False,
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
        draws: number of permutations.
        seed: of the permutations.

    Raises:
        UserError: if no clip has a label.
    """
    observed, scores = permuted_scores(predictions, metric, in_series=in_series, draws=draws, seed=seed)
    if not len(scores):
        return PermutationTest(observed, observed, float("nan"))
    # The tolerance keeps rounding from turning a tie into a win.
    beaten_by = int((scores >= observed - 1e-12).sum())
    return PermutationTest(observed, float(scores.mean()), (1 + beaten_by) / (1 + draws))


def permuted_scores(
    predictions: pd.DataFrame,
    metric: str = "balanced_accuracy",
    *,
    in_series: bool = False,
    draws: int = PERMUTATIONS,
    seed: int = 0,
) -> tuple[float, np.ndarray]:
    """Return a run's score, and the scores with labels permuted among each subject's own clips, float64 `(draws,)`.

    Arguments and what is raised are those of `permute_within_subjects`. Where no subject has clips of two classes,
    nothing can be permuted, and no score is returned.
    """
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
    return observed, np.concatenate(scores)
