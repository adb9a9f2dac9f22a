"""Whether something tells a label: a probe's score beside those that it reaches on labels shuffled within each person.

A bootstrap over people takes a probe's answers as given, but answers on one person hang on the labels of all others.
Here the probe learns anew from every order of the labels, which makes the test exact for any number of people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from sklearn.ensemble import RandomTreesEmbedding
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from transferpain.core.errors import UserError
from transferpain.evaluation.comparisons import holm

ERROR = 0.05  # that any row of a table is said to tell although none does
SHUFFLES = 1999  # the smallest p is .001: with up to fifty rows, one can be told from chance
FOLDS = 5
PENALTY = 40.0  # of standardised features; about that of a logistic regression with C = .1
TREES = 100
TARGETS_AT_ONCE = 4_000_000  # bounds the memory of the orders that are learned together
DEALT_AT_ONCE = 100_000  # features of people, likewise
DIGITS = 9  # a probe that saw nothing leans to no class; rounding would make it lean


@dataclass(frozen=True)
class Judged:
    """A score beside the shuffled ones.

    Attributes:
        score: balanced accuracy on new people.
        low, high: the middle 95 % of the shuffled scores.
        p: two-sided, the true order counted as one.
        corrected: p by Holm's method over all rows that are judged together; alone, p itself.
    """

    score: float
    low: float
    high: float
    p: float
    corrected: float

    @property
    def at_chance(self) -> bool:
        """Whether nothing is shown to be told, above chance or below it."""
        return self.corrected > ERROR

    def facts(self) -> dict[str, float]:
        """Return the numbers as a result file keeps them."""
        return {name: round(float(value), 4) for name, value in vars(self).items()}


def judge(features, labels, groups, trees: bool = False, shuffles: int = SHUFFLES) -> Judged:
    """Judge what features tell of labels, by people that the probe has not seen (five folds).

    The probe is least squares on the classes, each of the same weight in all: on the standardised features, or on the
    leaves of random `trees`. Either learns from thousands of orders of the labels in one go.

    What is the same in all rows of each person is told alike by every order within the person: such features are dealt
    anew among the people instead, and read by the straight probe alone. Of what differs between people and changes
    within them too, only the changes are judged: how often people have a label is the same in every order.

    Args:
        features: (rows, values), finite.
        labels: (rows,), the classes.
        groups: (rows,), whose each row is.
        trees: whether the probe may bend.
        shuffles: how many orders beside the true one.

    Raises:
        UserError: for what cannot be judged, so that it is not said to tell nothing: fewer people than folds, a class
            that a fold has not to learn from, and labels that are the same in all orders.
    """
    features, labels, groups = np.asarray(features, np.float64), np.asarray(labels), np.asarray(groups)
    classes, truth = np.unique(labels, return_inverse=True)
    _, first, person = np.unique(groups, return_index=True, return_inverse=True)
    changes = features != features[first][person]
    _require_judgeable(features, truth, person, mixed=_people_with(changes.any(axis=1), person))
    generator = np.random.default_rng(0)
    if not changes.any() and np.ptp(features, axis=0).any():
        deals = _orders(generator, np.zeros(len(first), np.int64), shuffles)
        scores = np.concatenate(
            [
                _scores_dealt(features[first][some], truth, person)
                for some in np.array_split(deals, 1 + deals.size * features.shape[1] // DEALT_AT_ONCE)
            ]
        )
    else:
        orders = _orders(generator, person, shuffles)
        at_once = max(1, TARGETS_AT_ONCE // (len(labels) * len(classes)))
        scores = np.concatenate(
            [
                _scores(features, truth[orders[start : start + at_once]], person, trees)
                for start in range(0, len(orders), at_once)
            ]
        )
    scores = scores.round(DIGITS)
    tails = [(scores >= scores[0]).mean(), (scores <= scores[0]).mean()]
    p = min(1.0, 2 * min(tails))
    low, high = np.percentile(scores[1:], [2.5, 97.5])
    return Judged(float(scores[0]), float(low), float(high), p, p)


def _people_with(rows: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return (people,), whether any of a person's rows is chosen."""
    return np.bincount(person, rows) > 0


def _require_judgeable(features: np.ndarray, truth: np.ndarray, person: np.ndarray, mixed: np.ndarray) -> None:
    """Refuse what a score and its p would say nothing of. `mixed` (people,): whose features change."""
    people = len(mixed)
    if not np.isfinite(features).all():
        fault = "some features are no finite numbers"
    elif people < FOLDS:
        fault = f"{people} people cannot be dealt to {FOLDS} folds"
    elif any(
        len(set(truth[train])) < max(2, truth.max() + 1) for train, _ in GroupKFold(FOLDS).split(truth, None, person)
    ):
        fault = "in a fold there is a class that is not there to be learned"
    elif (
        mixed.any()
        and not (mixed & _people_with(truth != truth[np.unique(person, return_index=True)[1]][person], person)).any()
    ):
        fault = "nobody whose features change has two labels, so that every order is the true one"
    else:
        return
    raise UserError(
        "Whether these features tell the label cannot be judged.",
        rule="Labels are exchanged within people, and read on people of another fold, of whom each class has some.",
        received=fault,
        todo="Take more people, or more clips of each.",
    )


def judge_together(rows: Mapping[str, Judged]) -> dict[str, Judged]:
    """Return the rows of a table with p corrected, so that all of them hold together."""
    adjusted = holm("rows", {name: row.p for name, row in rows.items()}).adjusted
    return {name: replace(row, corrected=adjusted[name]) for name, row in rows.items()}


def _orders(generator: np.random.Generator, person: np.ndarray, shuffles: int) -> np.ndarray:
    """Return places (1 + shuffles, rows): the true order, then orders that exchange rows of the same person."""
    by_person = np.argsort(person, kind="stable")
    orders = np.empty((1 + shuffles, len(person)), np.int64)
    orders[0] = np.arange(len(person))
    orders[1:, by_person] = np.argsort(person + generator.random((shuffles, len(person))), axis=1)
    return orders


def _scores(features: np.ndarray, labels: np.ndarray, person: np.ndarray, trees: bool) -> np.ndarray:
    """Return the balanced accuracy (orders,) on new people of a probe that learns each row of `labels`."""
    steps = [StandardScaler(), Ridge(PENALTY)]
    if trees:
        steps.insert(1, RandomTreesEmbedding(TREES, max_depth=3, sparse_output=False, random_state=0))
    is_class = labels[:, :, None] == np.arange(labels.max() + 1)  # (orders, rows, classes)
    right = np.zeros(is_class.shape[::2])  # (orders, classes)
    for train, test in GroupKFold(FOLDS).split(features, groups=person):
        targets = is_class[:, train] / is_class[:, train].mean(axis=1, keepdims=True)
        probe = make_pipeline(*steps).fit(features[train], np.moveaxis(targets, 1, 0).reshape(len(train), -1))
        answers = probe.predict(features[test]).reshape(len(test), *right.shape).round(DIGITS).argmax(axis=2).T
        hit = answers == labels[:, test]
        right += (hit[:, :, None] & is_class[:, test]).sum(axis=1)
    return (right / is_class.sum(axis=1)).mean(axis=1)


def _scores_dealt(values: np.ndarray, truth: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return the balanced accuracy (deals,) of the straight probe for each deal of people's `values`.

    The same least squares as in `_scores`, for all deals at once: here each has features, not labels, of its own.

    Args:
        values: (deals, people, features).
    """
    is_class = truth[:, None] == np.arange(truth.max() + 1)  # (rows, classes)
    right = np.zeros((len(values), is_class.shape[1]))
    for train, test in GroupKFold(FOLDS).split(person, groups=person):
        rows, asked = values[:, person[train]], values[:, person[test]]
        middle, spread = rows.mean(axis=1, keepdims=True), rows.std(axis=1, keepdims=True)
        spread[spread == 0] = 1
        rows, asked = (rows - middle) / spread, (asked - middle) / spread
        targets = is_class[train] / is_class[train].mean(axis=0)
        turned = rows.transpose(0, 2, 1)
        squares = turned @ rows + PENALTY * np.eye(rows.shape[2])
        weights = np.linalg.solve(squares, turned @ (targets - targets.mean(axis=0)))
        answers = (asked @ weights + targets.mean(axis=0)).round(DIGITS).argmax(axis=2)
        right += ((answers == truth[test])[:, :, None] & is_class[test]).sum(axis=1)
    return (right / is_class.sum(axis=0)).mean(axis=1)
