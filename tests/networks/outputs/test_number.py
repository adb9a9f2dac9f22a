"""One number: its probabilities are those of the levels beside it, its errors those of the textbooks."""

import keras
import numpy as np
import pytest

from transferpain.networks.outputs.number import DELTA, HUBER, MSE

LEVELS = 5


def answering(number: float) -> np.ndarray:
    """Return the probabilities of an output whose number is given."""
    features = keras.Input((1,))
    model = keras.Model(features, MSE.build(features, LEVELS, seed=0))
    share = number / (LEVELS - 1)
    model.get_layer("logits").set_weights([np.zeros((1, 1)), np.log([share / (1 - share)])])
    return np.asarray(model(np.zeros((1, 1))))[0]


@pytest.mark.parametrize(
    ("number", "expected"), [(2, [0, 0, 1, 0, 0]), (2.25, [0, 0, 0.75, 0.25, 0]), (0.5, [0.5, 0.5, 0, 0, 0])]
)
def test_a_number_is_shared_out_between_the_levels_beside_it(number, expected):
    found = answering(number)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found @ np.arange(LEVELS) == pytest.approx(number, abs=1e-5)


@pytest.mark.parametrize("output", [MSE, HUBER], ids=lambda one: one.name)
def test_errors_are_those_of_keras_on_the_numbers(output):
    random = np.random.default_rng(0)
    true, numbers = random.integers(0, LEVELS, 20), random.uniform(0, LEVELS - 1, 20)
    low = np.floor(numbers).astype(int)
    probabilities = np.zeros((20, LEVELS), np.float32)
    probabilities[range(20), low] = 1 - (numbers - low)
    probabilities[range(20), np.minimum(low + 1, LEVELS - 1)] += numbers - low
    found = np.asarray(output.loss()(np.eye(LEVELS, dtype=np.float32)[true], probabilities))
    keras_loss = keras.losses.Huber(DELTA) if output is HUBER else keras.losses.MeanSquaredError()
    assert found.shape == (20,)
    assert found.mean() == pytest.approx(
        float(keras_loss(true[:, None].astype(np.float32), numbers[:, None])), rel=1e-5
    )


@pytest.mark.slow
def test_a_number_at_the_end_of_the_scale_still_learns():
    """A number that is cut off at the ends would have no gradient there."""
    features = keras.Input((1,))
    model = keras.Model(features, MSE.build(features, LEVELS, seed=0))
    model.get_layer("logits").set_weights([np.zeros((1, 1)), np.array([-5.0])])
    model.compile(keras.optimizers.Adam(0.1), loss=MSE.loss())
    model.fit(np.zeros((8, 1)), np.eye(LEVELS)[np.full(8, 4)], epochs=200, verbose=0)
    assert np.asarray(model(np.zeros((1, 1))))[0] @ np.arange(LEVELS) > 3.5
