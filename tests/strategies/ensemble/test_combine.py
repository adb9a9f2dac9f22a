"""One answer of several: the mean, and a regression whose answers are those of scikit-learn."""

import numpy as np
import pytest

from transferpain.evaluation.linear_probe import fit_probe
from transferpain.strategies.ensemble.combine import (
    averaged,
    loss_of,
    side_by_side,
    stacked,
    stacked_for_others,
)

SUBJECTS = np.repeat([f"s{number}" for number in range(10)], 6)


def answers(classes: int, rows: int = 60, members: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return answers `(rows, members, classes)` that know something of the classes `(rows,)` behind them."""
    random = np.random.default_rng(classes)
    y = np.arange(rows) % classes
    values = random.normal(size=(rows, members, classes))
    values[np.arange(rows), :, y] += 1.5
    values = np.exp(values)
    return values / values.sum(axis=2, keepdims=True), y


def test_the_average_is_the_mean_of_the_members():
    given, _ = answers(3)
    np.testing.assert_allclose(averaged(3, 3).answer(given), given.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_stack_answers_as_the_regression_that_was_fitted(classes):
    given, y = answers(classes)
    fitted = fit_probe(side_by_side(given), y, SUBJECTS, False, 7)
    said = stacked(given, y, SUBJECTS, False, 7).answer(given)
    np.testing.assert_allclose(said, fitted.predict(side_by_side(given), classes), rtol=1e-9)


def test_a_stack_of_fewer_rows_than_columns_is_one_affine_map_too():
    given, y = answers(5, rows=10, members=4)
    fitted = fit_probe(side_by_side(given), y, SUBJECTS[:10], False, 7)
    said = stacked(given, y, SUBJECTS[:10], False, 7).answer(given)
    np.testing.assert_allclose(said, fitted.predict(side_by_side(given), 5), rtol=1e-9)


@pytest.mark.parametrize("kind", ["averaging", "stacking"])
def test_it_is_saved_as_one_layer_that_says_the_same(kind):
    given, y = answers(3)
    combined = averaged(3, 3) if kind == "averaging" else stacked(given, y, SUBJECTS, False, 0)
    network = combined.network()
    assert len(network.layers) == 2
    said = network.predict(side_by_side(given).astype(np.float32), verbose=0)
    np.testing.assert_allclose(said, combined.answer(given), atol=1e-6)


def test_whom_it_was_fitted_to_is_answered_by_a_regression_on_the_others():
    given, y = answers(2)
    said = stacked_for_others(given, y, SUBJECTS, False, 3)
    np.testing.assert_allclose(said.sum(axis=1), 1)
    changed = y.copy()
    own = SUBJECTS == "s4"
    changed[own] = 1 - changed[own]
    again = stacked_for_others(given, changed, SUBJECTS, False, 3)
    # What a subject's labels are has no part in its own answers, and has one in those of others.
    np.testing.assert_array_equal(again[own], said[own])
    assert (again[~own] != said[~own]).any()


def test_the_loss_of_a_certain_error_is_finite():
    assert loss_of(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-7))


def test_answers_of_other_folds_give_the_tested_labels_away_and_those_of_selection_do_not():
    """The reason for fitting to selection subjects: leave one subject out, and members that know nothing.

    Each answers with the shares of the classes among the subjects that it learned from. Without the tested subject's
    these are a little lower for its class, so that a regression on the answers of other folds reads the label backwards
    and finds all of them.
    """
    random = np.random.default_rng(0)
    people = 30
    y = random.integers(0, 2, people)
    y[:2] = 0, 1
    priors = np.array([(y.sum() - y[one]) / (people - 1) for one in range(people)])
    said = np.stack([1 - priors, priors], axis=1)[:, None, :].repeat(2, axis=1)
    of_folds, honest = np.zeros(people, int), np.zeros(people, int)
    names = np.array([f"p{one}" for one in range(people)])
    for tested in range(people):
        others = np.delete(np.arange(people), tested)
        of_folds[tested] = stacked(said[others], y[others], names[others], False, 0).answer(said[[tested]]).argmax()
        # The fold's own model says the same of each: it learned from neither its selection nor its tested subject.
        selection = others[::3]
        own = said[[tested]].repeat(len(selection), axis=0)
        honest[tested] = stacked(own, y[selection], names[selection], False, 0).answer(said[[tested]]).argmax()
    recalls = [np.mean([(found == y)[y == label].mean() for label in (0, 1)]) for found in (of_folds, honest)]
    assert recalls[0] == 1.0
    assert recalls[1] == pytest.approx(0.5, abs=0.15)
