"""The loss of action units: a NumPy computation, nothing of what nobody coded, and nothing of it in a validation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from transferpain.networks.training.unit_loss import NEAREST, first_logits, masked_loss, with_units

SIZE = 4
N = np.nan
SHARES = np.array([[0.2, N, 1.0, N], [N, N, 0.0, 0.4], [1.0, N, N, 0.0]], np.float32)
LOGITS = np.random.default_rng(0).normal(0, 3, (3, 4)).astype(np.float32)


def by_hand(shares: np.ndarray, logits: np.ndarray) -> float:
    answers = 1 / (1 + np.exp(-logits.astype(np.float64)))
    errors = -shares * np.log(answers) - (1 - shares) * np.log(1 - answers)
    coded = ~np.isnan(errors).all(axis=0)
    return float(np.nanmean(errors[:, coded], axis=0).mean()) if coded.any() else 0.0


def test_it_is_the_mean_over_units_of_the_mean_over_rows_in_which_each_is_coded():
    assert float(masked_loss(SHARES, LOGITS)) == pytest.approx(by_hand(SHARES, LOGITS), rel=1e-6)
    # Two units, one of them in a single row: both count the same.
    shares = np.array([[1.0, 1.0], [1.0, N], [1.0, N]], np.float32)
    logits = np.array([[0.0, 2.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    assert float(masked_loss(shares, logits)) == pytest.approx((np.log(2) + np.log1p(np.exp(-2))) / 2, rel=1e-6)


def test_nothing_coded_is_no_loss():
    assert float(masked_loss(np.full((3, 4), N, np.float32), LOGITS)) == 0


def test_sure_and_wrong_answers_have_a_loss_that_is_a_number():
    shares = np.array([[0.0, 1.0]], np.float32)
    assert float(masked_loss(shares, np.array([[200.0, -200.0]], np.float32))) == pytest.approx(200)


def test_the_gradient_of_what_nobody_coded_is_exactly_zero():
    logits = tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        loss = masked_loss(SHARES, logits)
    gradient = tape.gradient(loss, logits).numpy()
    missing = np.isnan(SHARES)
    assert (gradient[missing] == 0).all()
    assert (gradient[~missing] != 0).all()
    # Of the cross-entropy it is answer minus share, over the rows that are coded, over the three units that are.
    rows = (~missing).sum(axis=0)
    expected = (1 / (1 + np.exp(-LOGITS)) - SHARES) / np.maximum(rows, 1) / 3
    np.testing.assert_allclose(gradient[~missing], expected[~missing], rtol=1e-5, atol=1e-7)


def network() -> keras.Model:
    images = keras.Input((SIZE, SIZE, 3), name="images")
    x = keras.layers.GlobalAveragePooling2D(name="gap")(images)
    x = keras.layers.Dense(5, kernel_initializer=keras.initializers.GlorotUniform(1), name="embedding")(x)
    x = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(2), name="logits")(x)
    return keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(x))


def test_the_loss_of_a_training_has_both_parts_and_that_of_a_validation_pains_alone():
    images = np.random.default_rng(1).random((3, SIZE, SIZE, 3), np.float32)
    targets = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    single, both = network(), with_units(network(), "embedding", SHARES, 0.7, seed=3)
    np.testing.assert_array_equal(both.training([images, SHARES]), single(images))
    for model in (single, both.training):
        # Nothing moves, so that the loss of the step is that of the weights at its beginning.
        model.compile(keras.optimizers.SGD(0.0), keras.losses.CategoricalCrossentropy())
    pain = float(single.evaluate(images, targets, verbose=0))
    assert both.training.evaluate((images, SHARES), targets, verbose=0) == pytest.approx(pain, rel=1e-6)
    history = both.training.fit((images, SHARES), targets, batch_size=3, epochs=1, verbose=0, shuffle=False).history
    shares = both.units(images).numpy()
    of_units = by_hand(SHARES, np.log(shares / (1 - shares)))
    assert history["loss"][0] == pytest.approx(pain + 0.7 * of_units, rel=1e-5)


def test_class_weights_are_pains_alone():
    images = np.zeros((3, SIZE, SIZE, 3), np.float32)
    targets = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    losses = []
    for weights in (np.zeros(3, np.float32), np.ones(3, np.float32)):
        model = with_units(network(), "embedding", SHARES, 1.0, seed=3).training
        model.compile(keras.optimizers.SGD(0.0), keras.losses.CategoricalCrossentropy())
        losses.append(model.train_on_batch((images, SHARES), targets, weights))
    assert losses[0] > 0  # that of the units
    assert float(losses[1] - losses[0]) == pytest.approx(np.log(2), rel=1e-5)  # of a picture that says nothing


def test_the_output_begins_with_the_mean_of_each_unit():
    shares = np.array([[0.2, N, 0.0, 1.0], [0.4, N, 0.0, N]], np.float32)
    began = 1 / (1 + np.exp(-first_logits(shares)))
    np.testing.assert_allclose(began, [0.3, 0.5, NEAREST, 1 - NEAREST], rtol=1e-5)
    model = with_units(network(), "embedding", shares, 1.0, seed=3).units
    np.testing.assert_allclose(model(np.zeros((1, SIZE, SIZE, 3), np.float32))[0], began, rtol=1e-5)
