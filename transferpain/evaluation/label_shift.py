"""Label shift: answers corrected for how frequent classes are among tested samples, of which no label is known.

A network that has learned where half of the clips show pain answers too often with pain where few do. If only the
frequencies of the classes differ, and not how each class looks, answers are corrected by the ratio w of the tested
frequencies to those that the network expects: p'(k) ~ w(k) p(k). Two ways to find w without a label:

* EM (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002): the tested frequencies are those that the
  corrected answers have on average; found by iteration.
* BBSE (Lipton, Wang and Smola, ICML 2018): w solves C w = m, with C the joint shares of answers and labels where labels
  are known, and m the shares of the answers on the tested samples.

C is taken from subjects of the network's own dataset that nothing was fitted to. A network that was trained with
class weights expects other frequencies than its data have; so its answers are first multiplied, class by class, until
on these subjects each class is said as often as it is there, which EM needs (Alexandari, Kundaje and Shrikumar, ICML
2020, who fit a temperature besides). Both read the answers to all tested samples at once: they are transductive.
Where faces of a class look otherwise, too, as across datasets they do, nothing promises that the correction helps.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.evaluation.detection import folds_of
from transferpain.evaluation.predictions import labelled_rows, number_of_classes

EM, BBSE = "EM", "BBSE"
METHODS = (EM, BBSE)
STEPS, CLOSE = 1000, 1e-7
# Of C: with less, its inverse multiplies what chance puts into the shares a thousandfold.
SMALLEST_SINGULAR = 1e-3
SMALLEST_MEAN = 1e-12
NOT_CALIBRATED = "a fold has no calibration with every class"
NOT_INVERTIBLE = "answers on the calibration do not tell the classes apart"


@dataclass(frozen=True)
class Corrected:
    """Answers after a correction.

    Attributes:
        predictions: of the labelled tested samples; None where there is no correction.
        shares: the frequencies of the classes that were found, mean over folds and seeds, `(classes,)`.
        reason: why there is no correction; empty where there is one.
    """

    predictions: pd.DataFrame | None
    shares: np.ndarray
    reason: str = ""


def em_weights(probabilities: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return w by EM, float64 `(classes,)`.

    Args:
        probabilities: answers to the tested samples, `(samples, classes)`.
        expected: the frequencies that the network expects, `(classes,)`; a class that it never expects keeps 0.
    """
    known = expected > 0
    weights = known.astype(np.float64)
    for _ in range(STEPS):
        shares = reweighed(probabilities, weights).mean(axis=0)
        after = np.divide(shares, expected, out=np.zeros_like(shares), where=known)
        if np.abs(after - weights).max() < CLOSE:
            return after
        weights = after
    return weights


def factors_to(probabilities: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return by what to multiply each class, float64 `(classes,)`, so that on average it is said with its share.

    Args:
        probabilities: answers, `(samples, classes)`.
        shares: of the classes, `(classes,)`, none 0.
    """
    factors = np.ones(len(shares))
    for _ in range(STEPS):
        means = reweighed(probabilities, factors).mean(axis=0)
        after = factors * shares / np.maximum(means, SMALLEST_MEAN)
        after /= after.sum()
        if np.abs(after - factors).max() < CLOSE:
            return after
        factors = after
    return factors


def bbse_weights(joint: np.ndarray, answered: np.ndarray) -> np.ndarray | None:
    """Return w by BBSE, float64 `(classes,)`, none below 0; None where C cannot be inverted.

    Args:
        joint: C, the share of each answer (rows) and label (columns) among samples with labels, `(classes, classes)`.
        answered: the share of each answer among the tested samples, `(classes,)`.
    """
    if np.linalg.svd(joint, compute_uv=False)[-1] < SMALLEST_SINGULAR:
        return None
    return np.maximum(np.linalg.solve(joint, answered), 0.0)


def reweighed(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return w(k) p(k), each row divided by its sum; a row that is left nothing by w says nothing, and stays."""
    weighed = probabilities * weights
    sums = weighed.sum(axis=1, keepdims=True)
    return np.where(sums > 0, weighed / np.where(sums > 0, sums, 1.0), probabilities)


def corrected(tested: pd.DataFrame, calibration: pd.DataFrame, method: str) -> Corrected:
    """Correct the answers of a run, fold by fold and seed by seed.

    Args:
        tested: predictions of a run's test parts, at least one labelled sample.
        calibration: those of subjects of the network's own dataset that nothing was fitted to, with labels.
        method: of `METHODS`.
    """
    rows, classes = labelled_rows(tested).reset_index(drop=True), number_of_classes(tested)
    names = [f"p_{number}" for number in range(classes)]
    known = {(str(fold), seed): part for (fold, seed), part in folds_of(calibration)}
    after, found = np.empty((len(rows), classes)), []
    for (fold, seed), part in rows.groupby(["fold", "seed"], observed=True):
        own = known.get((str(fold), seed))
        if own is None or own["y_true"].nunique() < classes:
            return Corrected(None, np.full(classes, np.nan), NOT_CALIBRATED)
        labels = own["y_true"].to_numpy(int)
        expected = np.bincount(labels, minlength=classes) / len(labels)
        said, there = (table[names].to_numpy(np.float64) for table in (part, own))
        said, there = (reweighed(answers, factors_to(there, expected)) for answers in (said, there))
        if method == EM:
            weights = em_weights(said, expected)
        else:
            joint = joint_shares(there.argmax(axis=1), labels, classes)
            weights = bbse_weights(joint, np.bincount(said.argmax(axis=1), minlength=classes) / len(said))
        if weights is None:
            return Corrected(None, np.full(classes, np.nan), NOT_INVERTIBLE)
        after[part.index] = reweighed(said, weights)
        found.append(weights * expected / (weights * expected).sum())
    changed = dict(zip(names, after.T, strict=True)) | {"y_pred": after.argmax(axis=1)}
    return Corrected(rows.assign(**changed), np.mean(found, axis=0))


def joint_shares(answers: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the share of each answer (rows) and label (columns), float64 `(classes, classes)`."""
    joint = np.zeros((classes, classes))
    np.add.at(joint, (answers, labels), 1 / len(labels))
    return joint
