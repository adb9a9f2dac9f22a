"""Few-shot calibration: k labelled clips of a new subject refit the temperature and a bias of each class.

Temperature scaling (Guo et al., ICML 2017) with one bias per class. So few clips would drive both to infinity; so the
logarithm of the temperature and the biases have standard normal priors, our choice. The clips are taken out of the
test, and for every k the same clips are tested, so that the points of a curve can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from transferpain.evaluation.predictions import CLIP, labelled_rows, number_of_classes, subject_names
from transferpain.evaluation.resampling import DRAWS, Interval
from transferpain.evaluation.statistics import bootstrap_subjects

NUMBERS = (0, 1, 2, 5, 10)
SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Calibration:
    """What is done to the logits z: softmax(z / temperature + bias), with `bias` float `(classes,)`."""

    temperature: float
    bias: np.ndarray


@dataclass(frozen=True)
class CalibrationCurve:
    """Scores after calibration with k labelled clips of each tested subject.

    Attributes:
        scores: for each k the score with its 95 % interval over subjects; None where no subject has enough clips.
        subjects: how many were tested.
        left_out: how many had too few clips.
        clips: how many clips were tested, the same ones for each k.
    """

    scores: dict[int, Interval] | None
    subjects: int
    left_out: int
    clips: int
    reason: str = ""


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

    As many clips as the largest k are drawn from each subject and tested for no k, the classes in turn and in random
    order; k takes the first of them. A subject of whom no clip would be left is left out.

    Args:
        predictions: the table of a run; its clip rows are used. For every k, 0 too, a clip's answer is its most
            probable class, which a majority vote of its frames need not have been.
        numbers: the k.
        seed: of the drawn clips, which are the same for all seeds of the run.

    Returns:
        For each k a table of predictions, all with the same clips.
    """
    rows = labelled_rows(predictions)
    columns = [f"p_{number}" for number in range(number_of_classes(predictions))]
    turn = rows.join(_turns(rows.drop_duplicates(CLIP).sort_values(CLIP), seed), on=CLIP)["turn"].to_numpy()
    probabilities, labels = rows[columns].to_numpy(np.float64), rows["y_true"].to_numpy(dtype=np.int64)
    is_tested = turn >= max(numbers)
    groups = rows.groupby([subject_names(rows), "seed"], observed=True).indices.values()
    tables = {}
    for number in numbers:
        calibrated = probabilities.copy()
        for group in groups:
            shown, tested = group[turn[group] < number], group[is_tested[group]]
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
    draws: int = DRAWS,
    seed: int = 0,
) -> CalibrationCurve:
    """Score a run after calibration with each number of labelled clips.

    Args:
        predictions: the table of a run.
        metric: a name from `COMPARED`.
        numbers: the k.
        draws: bootstrap draws behind the intervals.
        seed: of the drawn clips and of the bootstrap.
    """
    tables = calibrate_subjects(predictions, numbers, seed=seed)
    tested = next(iter(tables.values()))
    everybody = subject_names(labelled_rows(predictions)).nunique()
    subjects = subject_names(tested).nunique()
    reason = f"{everybody - subjects} of {everybody} subjects have no more than {max(numbers)} labelled clips."
    if subjects == 0:
        return CalibrationCurve(None, 0, everybody, 0, reason)
    scores = {k: bootstrap_subjects(table, (metric,), draws=draws, seed=seed)[metric] for k, table in tables.items()}
    clips = len(tested.drop_duplicates(CLIP))
    return CalibrationCurve(scores, subjects, everybody - subjects, clips, reason if subjects < everybody else "")


def _turns(clips: pd.DataFrame, seed: int) -> pd.Series:
    """Return when each clip is drawn within its subject: 0, 1, ..., by clip; classes take turns in random order."""
    generator = np.random.default_rng(seed)
    shuffled = clips.iloc[generator.permutation(len(clips))]
    subject = subject_names(shuffled)
    lap = shuffled.groupby([subject, "y_true"]).cumcount()
    in_order = shuffled.assign(lap=lap, subject_name=subject).sort_values(["subject_name", "lap"], kind="stable")
    in_order["turn"] = in_order.groupby("subject_name").cumcount()
    return in_order.set_index(CLIP)["turn"]


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST_PROBABILITY))
