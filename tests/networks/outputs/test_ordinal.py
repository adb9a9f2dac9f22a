"""Outputs of ordered levels against their formulas."""

import keras
import numpy as np
import pytest

from transferpain.networks.outputs.ordinal import CORN, CUMULATIVE_LINK

LEVELS = 4


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def model_of(output) -> keras.Model:
    features = keras.Input((1,))
    return keras.Model(features, output.build(features, LEVELS, seed=0))


def test_corn_multiplies_conditional_probabilities():
    model, logits = model_of(CORN), np.array([1.0, -0.5, 0.25])
    model.get_layer("logits").set_weights([np.zeros((1, LEVELS - 1)), logits])
    above = np.cumprod(sigmoid(logits))
    expected = -np.diff(np.concatenate([[1], above, [0]]))
    np.testing.assert_allclose(np.asarray(model(np.zeros((1, 1))))[0], expected, atol=1e-6)


@pytest.mark.parametrize("level", range(LEVELS))
def test_corn_learns_by_the_sum_of_its_conditional_answers(level):
    """The loss of the paper for one row: binary cross-entropy of each question that the row is asked."""
    model, logits = model_of(CORN), np.array([1.0, -0.5, 0.25])
    model.get_layer("logits").set_weights([np.zeros((1, LEVELS - 1)), logits])
    asked = range(min(level + 1, LEVELS - 1))
    expected = -sum(np.log(sigmoid(logits[k]) if level > k else 1 - sigmoid(logits[k])) for k in asked)
    found = CORN.loss()(np.eye(LEVELS, dtype=np.float32)[[level]], model(np.zeros((1, 1))))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_a_cumulative_link_cuts_one_score_at_ordered_thresholds():
    model = model_of(CUMULATIVE_LINK)
    distances, score = np.array([0.3, 1.0, -2.0]), 0.7
    model.get_layer("logits").set_weights([np.full((1, 1), 2.0), np.array([score])])
    model.get_layer("logits_distances").set_weights([np.full((1, LEVELS - 1), 5.0), distances])
    thresholds = np.cumsum(np.log1p(np.exp(distances)))
    for given in (0.0, 0.5, -1.0):
        above = sigmoid(2 * given + score - thresholds)
        expected = -np.diff(np.concatenate([[1], above, [0]]))
        np.testing.assert_allclose(np.asarray(model(np.full((1, 1), given)))[0], expected, atol=1e-6)


def test_a_higher_score_never_lowers_the_expected_level():
    model = model_of(CUMULATIVE_LINK)
    scores = np.linspace(-20, 20, 81)[:, None]
    model.get_layer("logits").set_weights([np.ones((1, 1)), np.zeros(1)])
    expected = np.asarray(model(scores)) @ np.arange(LEVELS)
    assert (np.diff(expected) >= -1e-6).all()
    assert expected[0] == pytest.approx(0, abs=1e-4)
    assert expected[-1] == pytest.approx(LEVELS - 1, abs=1e-4)
