"""Label shift: shares that are known by construction are found, and nothing is corrected that cannot be."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from transferpain.evaluation.label_shift import (
    BBSE,
    EM,
    METHODS,
    NOT_CALIBRATED,
    NOT_INVERTIBLE,
    bbse_weights,
    corrected,
    em_weights,
    factors_to,
    joint_shares,
    reweighed,
)


def drawn(shares, rows: int, seed: int, expected=(0.5, 0.5), fold="a", distance=2.0) -> pd.DataFrame:
    """Draw answers of a calibrated network: two normal classes, of which it expects the `expected` shares."""
    random = np.random.default_rng(seed)
    truth = random.choice(2, rows, p=shares)
    seen = random.normal(distance * truth, 1)
    likely = np.stack([norm.pdf(seen, place) for place in (0, distance)], axis=1) * expected
    probabilities = likely / likely.sum(axis=1, keepdims=True)
    return pd.DataFrame(probabilities, columns=["p_0", "p_1"]).assign(
        dataset="drawn",
        subject=[f"{seed}-{row % 20}" for row in range(rows)],
        clip=[f"c{row}" for row in range(rows)],
        frame=-1,
        fold=fold,
        seed=0,
        coverage=1.0,
        y_true=pd.array(truth, dtype="Int64"),
        y_pred=probabilities.argmax(axis=1),
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.85])
def test_the_shares_of_the_tested_samples_are_found(method, share):
    found = corrected(drawn((1 - share, share), 4000, 0), drawn((0.5, 0.5), 4000, 1), method)
    assert found.shares == pytest.approx([1 - share, share], abs=0.03)
    assert found.reason == ""


@pytest.mark.parametrize("method", METHODS)
def test_corrected_answers_are_more_often_right_where_one_class_is_rare(method):
    tested = drawn((0.95, 0.05), 4000, 0)
    found = corrected(tested, drawn((0.5, 0.5), 4000, 1), method).predictions
    before, after = ((table["y_pred"] == table["y_true"]).mean() for table in (tested, found))
    assert after > before + 0.05
    np.testing.assert_allclose(found[["p_0", "p_1"]].sum(axis=1), 1)


def test_corrected_answers_are_those_of_a_network_that_expects_the_tested_shares():
    tested = drawn((0.8, 0.2), 4000, 0)
    right = drawn((0.8, 0.2), 4000, 0, expected=(0.8, 0.2))
    found = corrected(tested, drawn((0.5, 0.5), 4000, 1), EM).predictions
    np.testing.assert_allclose(found["p_1"], right["p_1"], atol=0.04)


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_was_trained_with_class_weights_expects_other_shares_than_its_data_have(method):
    """It expects both classes alike, though of its own dataset four samples of five are of one."""
    found = corrected(drawn((0.4, 0.6), 4000, 0), drawn((0.8, 0.2), 4000, 1), method)
    assert found.shares == pytest.approx([0.4, 0.6], abs=0.04)
    right = drawn((0.4, 0.6), 4000, 0, expected=(0.4, 0.6))
    np.testing.assert_allclose(found.predictions["p_1"], right["p_1"], atol=0.05)


def test_factors_let_each_class_be_said_as_often_as_it_is_there():
    table = drawn((0.8, 0.2), 4000, 1)
    probabilities, shares = table[["p_0", "p_1"]].to_numpy(), np.array([0.8, 0.2])
    factors = factors_to(probabilities, shares)
    np.testing.assert_allclose(reweighed(probabilities, factors).mean(axis=0), shares, atol=1e-5)
    # The network expects both alike, so the factors are as the shares.
    assert factors / factors.sum() == pytest.approx(shares, abs=0.03)


def test_bbse_solves_the_equation_of_its_paper():
    joint = np.array([[0.4, 0.1], [0.1, 0.4]])  # four of five are right, of either class
    weights = np.array([1.6, 0.4])
    np.testing.assert_allclose(bbse_weights(joint, joint @ weights), weights)
    # A share of answers that no mixture of the classes gives would need a negative one.
    assert bbse_weights(joint, np.array([1.0, 0.0])).min() == 0


def test_em_leaves_a_class_that_is_never_expected():
    probabilities = np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0]])
    weights = em_weights(probabilities, np.array([0.5, 0.5, 0.0]))
    assert weights[2] == 0
    assert np.isfinite(weights).all()


def test_em_of_answers_as_expected_changes_nothing():
    probabilities = np.array([[0.7, 0.3], [0.3, 0.7]])
    np.testing.assert_allclose(em_weights(probabilities, np.array([0.5, 0.5])), [1, 1], atol=1e-5)


def test_joint_shares_are_counted():
    found = joint_shares(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)
    np.testing.assert_allclose(found, [[0.25, 0.25], [0, 0.5]])


def test_an_answer_that_is_left_nothing_stays():
    np.testing.assert_allclose(reweighed(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 2.0])), [[1, 0], [0, 1]])


def test_folds_are_corrected_by_their_own_calibration():
    two = [drawn((0.9, 0.1), 2000, 0, fold="a"), drawn((0.2, 0.8), 2000, 2, fold="b")]
    calibration = pd.concat([drawn((0.5, 0.5), 2000, 1, fold=fold) for fold in ("a", "b")], ignore_index=True)
    whole = corrected(pd.concat(two, ignore_index=True), calibration, EM)
    alone = corrected(two[1], calibration, EM)
    np.testing.assert_allclose(whole.predictions["p_1"].to_numpy()[2000:], alone.predictions["p_1"])


def test_no_tested_label_is_looked_at():
    tested, calibration = drawn((0.8, 0.2), 500, 0), drawn((0.5, 0.5), 500, 1)
    other = tested.assign(y_true=1 - tested["y_true"])
    for method in METHODS:
        one, two = (corrected(table, calibration, method).predictions for table in (tested, other))
        np.testing.assert_array_equal(one["p_1"], two["p_1"])


@pytest.mark.parametrize("method", METHODS)
def test_without_every_class_in_the_calibration_nothing_is_corrected(method):
    calibration = drawn((0.5, 0.5), 500, 1)
    for less in (calibration.head(0), calibration[calibration["y_true"] == 0], calibration.assign(fold="b")):
        found = corrected(drawn((0.8, 0.2), 500, 0), less, method)
        assert found.predictions is None
        assert found.reason == NOT_CALIBRATED
        assert np.isnan(found.shares).all()


def test_answers_that_tell_nothing_apart_cannot_be_inverted():
    blind = drawn((0.5, 0.5), 500, 1).assign(p_0=0.6, p_1=0.4)
    found = corrected(drawn((0.8, 0.2), 500, 0), blind, BBSE)
    assert (found.predictions, found.reason) == (None, NOT_INVERTIBLE)
