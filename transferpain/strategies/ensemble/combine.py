"""One answer of several: their mean, or a logistic regression that reads them side by side.

Both are one affine map of the members' probabilities, so that either is saved as one dense layer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from transferpain.evaluation.linear_probe import LinearProbe, fit_probe

if TYPE_CHECKING:
    import keras

PARTS = 5  # groups of selection subjects, each answered by a regression on the others (our choice)
SMALLEST = 1e-7  # a probability of 0 would make the loss infinite


@dataclass(frozen=True)
class Combined:
    """How one answer is made of several.

    Attributes:
        kernel: float64 `(members * classes, classes)`.
        bias: float64 `(classes,)`.
        is_logistic: whether a softmax follows.
    """

    kernel: np.ndarray
    bias: np.ndarray
    is_logistic: bool

    def answer(self, answers: np.ndarray) -> np.ndarray:
        """Return the probabilities, float64 `(rows, classes)`, of answers `(rows, members, classes)`."""
        values = side_by_side(answers) @ self.kernel + self.bias
        return softmax(values, axis=1) if self.is_logistic else values

    def network(self) -> "keras.Model":
        """Return it as a network of one layer, float32, from `(rows, members * classes)` to `(rows, classes)`."""
        import keras

        given = keras.Input((len(self.kernel),), name="answers")
        activation = "softmax" if self.is_logistic else "linear"
        layer = keras.layers.Dense(len(self.bias), activation=activation, name="probabilities")
        model = keras.Model(given, layer(given), name="ensemble")
        layer.set_weights([self.kernel.astype(np.float32), self.bias.astype(np.float32)])
        return model


def side_by_side(answers: np.ndarray) -> np.ndarray:
    """Return answers `(rows, members, classes)` as `(rows, members * classes)`."""
    return answers.reshape(len(answers), -1)


def averaged(members: int, classes: int) -> Combined:
    """Return the mean of so many members' probabilities."""
    return Combined(np.tile(np.eye(classes) / members, (members, 1)), np.zeros(classes), is_logistic=False)


def stacked(answers: np.ndarray, y: np.ndarray, subjects: np.ndarray, balanced: bool, seed: int) -> Combined:
    """Fit a standardised logistic regression to answers; its C is chosen on inner folds by subject.

    Args:
        answers: `(rows, members, classes)`, of models that have not learned from these rows.
        y: int64 `(rows,)`, every class among them.
        subjects: `(rows,)`.
        balanced: whether each class counts alike.
        seed: of the inner folds.
    """
    probe = fit_probe(side_by_side(answers), y, subjects, balanced, seed)
    kernel, bias = affine(probe.steps)
    return Combined(kernel, bias, is_logistic=True)


def stacked_for_others(
    answers: np.ndarray, y: np.ndarray, subjects: np.ndarray, balanced: bool, seed: int
) -> np.ndarray:
    """Return what regressions say of the rows that `stacked` is fitted to, each of subjects that it did not learn from.

    Arguments are those of `stacked`, with two subjects or more.

    Returns:
        Float64 `(rows, classes)`; 0 for a class that no other subject has.
    """
    x, said = side_by_side(answers), np.zeros((len(y), answers.shape[2]))
    parts = GroupKFold(min(PARTS, len(np.unique(subjects))), shuffle=True, random_state=seed)
    for fitted, left_out in parts.split(x, groups=subjects):
        probe: LinearProbe = fit_probe(x[fitted], y[fitted], subjects[fitted], balanced, seed)
        said[left_out] = probe.predict(x[left_out], answers.shape[2])
    return said


def affine(steps: Pipeline) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits of a fitted standardised logistic regression on all classes as kernel and bias."""
    *before, regression = (step for _, step in steps.steps)
    columns = steps.n_features_in_

    def read(x: np.ndarray) -> np.ndarray:
        for step in before:
            x = step.transform(x)
        logits = regression.decision_function(x)
        return np.stack([np.zeros(len(x)), logits], axis=1) if logits.ndim == 1 else logits

    bias = read(np.zeros((1, columns)))[0]
    return read(np.eye(columns)) - bias, bias


def loss_of(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Return the mean cross-entropy of probabilities `(rows, classes)`."""
    return float(-np.log(probabilities[np.arange(len(y)), y].clip(SMALLEST)).mean())
