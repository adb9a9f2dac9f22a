"""Few-shot calibration: k labelled clips of a new subject refit the temperature and a bias of each class.

Temperature scaling (Guo et al., ICML 2017) with one bias per class. So few clips would drive both to infinity; so the
logarithm of the temperature and the biases have standard normal priors, our choice. The clips are taken out of the
test, and for every k the same clips are tested, so that the points of a curve can be compared, in pairs too. What is
tested of a subject has that subject's own mix of classes, as nearly as whole clips allow, and at least one clip of each
of them: if a subject's only clip without pain were shown, the test would ask for nothing but pain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from transferpain.evaluation.predictions import CLIP, labelled_rows, number_of_classes, subject_names
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import paired_difference, score_subjects

NUMBERS = (0, 1, 2, 5, 10)
SMALLEST_PROBABILITY = 1e-7
TESTED, LEFT_OUT = -1, -2  # in place of a clip's turn


@dataclass(frozen=True)
class Calibration:
    """What is done to the logits z: softmax(z / temperature + bias), with `bias` float `(classes,)`."""

    temperature: float
    bias: np.ndarray


@dataclass(frozen=True)
class CalibrationCurve:
    """Scores after calibration with k labelled clips of each tested subject.

    Attributes:
        scores: for each k the score with its 95 % interval over subjects; None where there is no curve.
        subjects: how many were tested.
        left_out: how many had too few clips.
        clips: how many clips were tested, the same ones for each k.
        reason: why there is no curve, or who was left out.
        gains: for each k but the first, the score minus that of the first, paired: over the same subjects and clips.
        lost: classes that these subjects alone show: without them no clip of it would be tested, so there is no curve.
    """

    scores: dict[int, Interval] | None
    subjects: int
    left_out: int
    clips: int
    reason: str = ""
    gains: Mapping[int, Interval] = field(default_factory=dict)
    lost: tuple[int, ...] = ()


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit temperature and biases to labelled clips; without a clip nothing is changed.

    Args:
        probabilities: of a head, float `(k, classes)`.
        labels: true classes, integers `(k,)`.
    """
    logits = _logits(probabilities)
    clips, classes = logits.shape

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        inverse = np.exp(-parameters[0])
        scores = logits * inverse + parameters[1:]
        surprise = -log_softmax(scores, axis=1)[np.arange(clips), labels].sum()
        errors = softmax(scores, axis=1) - np.eye(classes)[labels]
        slope = np.append(-(errors * logits * inverse).sum(), errors.sum(axis=0))
        return surprise + 0.5 * parameters @ parameters, slope + parameters

    found = minimize(loss, np.zeros(classes + 1), jac=True, method="BFGS").x
    return Calibration(float(np.exp(found[0])), found[1:])


def apply_calibration(calibration: Calibration, probabilities: np.ndarray) -> np.ndarray:
    """Return calibrated probabilities, float64 `(clips, classes)`."""
    return softmax(_logits(probabilities) / calibration.temperature + calibration.bias, axis=1)


def calibrate_subjects(
    predictions: pd.DataFrame, numbers: Sequence[int] = NUMBERS, *, seed: int = 0
) -> dict[int, pd.DataFrame]:
    """Calibrate a run for each tested subject with k of that subject's clips, and answer for the others.

    As many clips as the largest k are taken from each subject and tested for no k; k takes the first of them, in which
    the classes take turns. Which classes they are is a matter of how many clips of each a subject has, and of an order
    of the classes that is drawn once for all: else what is left would tell what was taken. A subject who cannot give so
    many and keep a clip of each of its classes is left out.

    Args:
        predictions: the table of a run; its tested clip rows are used. For every k, 0 too, a clip's answer is its most
            probable class, which a majority vote of its frames need not have been.
        numbers: the k.
        seed: of the drawn clips, which are the same for all seeds of the run.

    Returns:
        For each k a table of predictions, all with the same clips.
    """
    rows = _tested_rows(predictions)
    columns = [f"p_{number}" for number in range(number_of_classes(predictions))]
    turns = _turns(rows.drop_duplicates(CLIP).sort_values(CLIP), max(numbers), seed)
    turn = rows.join(turns, on=CLIP)["turn"].to_numpy()
    probabilities, labels = rows[columns].to_numpy(np.float64), rows["y_true"].to_numpy(dtype=np.int64)
    is_tested = turn == TESTED
    groups = rows.groupby([subject_names(rows), "seed"], observed=True).indices.values()
    tables = {}
    for number in numbers:
        calibrated = probabilities.copy()
        for group in groups:
            shown, tested = group[(turn[group] >= 0) & (turn[group] < number)], group[is_tested[group]]
            if len(tested):
                calibration = fit_calibration(probabilities[shown], labels[shown])
                calibrated[tested] = apply_calibration(calibration, probabilities[tested])
        answers = dict(zip(columns, calibrated.T, strict=True)) | {"y_pred": calibrated.argmax(axis=1)}
        tables[number] = rows.assign(**answers)[is_tested]
    return tables


def calibration_curve(
    predictions: pd.DataFrame,
    metric: str = "balanced_accuracy",
    numbers: Sequence[int] = NUMBERS,
    *,
    seed: int = 0,
) -> CalibrationCurve:
    """Score a run after calibration with each number of labelled clips.

    There is no curve where a class would be tested no more because those who show it have too few clips, and none of
    a single class.

    Args:
        predictions: the table of a run.
        metric: a name from `COMPARED`.
        numbers: the k, ascending.
        seed: of the drawn clips.
    """
    tables = calibrate_subjects(predictions, numbers, seed=seed)
    tested, rows = tables[numbers[0]], _tested_rows(predictions)
    everybody, subjects = subject_names(rows).nunique(), subject_names(tested).nunique()
    classes = [sorted(table["y_true"].astype(int).unique().tolist()) for table in (rows, tested)]
    reason = (
        f"{everybody - subjects} of {everybody} subjects cannot give {max(numbers)} labelled clips and keep one of "
        "each of their classes for the test."
    )
    if len(classes[0]) < 2:
        return CalibrationCurve(None, 0, everybody, 0, "The labelled clips are not of two classes.")
    if lost := tuple(number for number in classes[0] if number not in classes[1]):
        if not subjects:
            return CalibrationCurve(None, 0, everybody, 0, reason)
        reason += " Without them a class would not be tested at all."
        return CalibrationCurve(None, 0, everybody, 0, reason, lost=lost)
    scores = {k: score_subjects(table, (metric,))[metric] for k, table in tables.items()}
    gains = {k: paired_difference(tables[k], tables[numbers[0]], metric) for k in numbers[1:]}
    clips = len(tested.drop_duplicates(CLIP))
    left_out = everybody - subjects
    return CalibrationCurve(scores, subjects, left_out, clips, reason if left_out else "", gains)


def _tested_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled clip rows that are tested: what was selected on is nobody's calibration."""
    if "part" in predictions:
        predictions = predictions[predictions["part"] == "test"]
    return labelled_rows(predictions)


def _turns(clips: pd.DataFrame, most: int, seed: int) -> pd.Series:
    """Return when each clip is shown, `0 .. most - 1` within its subject, `TESTED` or `LEFT_OUT`; by clip."""
    generator = np.random.default_rng(seed)
    shuffled = clips.iloc[generator.permutation(len(clips))]
    order = generator.permutation(np.sort(shuffled["y_true"].astype(int).unique()))
    turn = np.full(len(shuffled), TESTED)
    labels = shuffled["y_true"].to_numpy(dtype=np.int64)
    for places in shuffled.groupby(subject_names(shuffled)).indices.values():
        by_class = [places[labels[places] == number] for number in order]
        counts = np.array([len(own) for own in by_class])
        if np.maximum(counts - 1, 0).sum() < most:
            turn[places] = LEFT_OUT
            continue
        given = _shares(counts, most)
        shown = [own[:number] for own, number in zip(by_class, given, strict=True)]
        in_turn = [own[lap] for lap in range(given.max(initial=0)) for own in shown if lap < len(own)]
        turn[in_turn] = np.arange(most)
    return pd.Series(turn, index=pd.MultiIndex.from_frame(shuffled[CLIP]), name="turn")


def _shares(counts: np.ndarray, most: int) -> np.ndarray:
    """Return how many clips of each class are shown, `most` in all: by the counts, and never a class's last clip."""
    given = np.zeros(len(counts), dtype=np.int64)
    wanted = most * counts / counts.sum()
    for _ in range(most):
        # The class that is furthest behind its share; of several the first, for every subject the same one.
        given[np.where(given < counts - 1, wanted - given, -np.inf).argmax()] += 1
    return given


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST_PROBABILITY))
