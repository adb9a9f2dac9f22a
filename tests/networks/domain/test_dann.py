import numpy as np
import pytest
import tensorflow as tf

from tests.networks.domain.drawn import two_domains, value
from transferpain.networks.domain.dann import DANN, reversal, reverse_gradient


@pytest.mark.parametrize(
    # 2 / (1 + exp(-10 p)) - 1 = tanh(5 p)
    ("progress", "expected"),
    [(0.0, 0.0), (0.1, np.tanh(0.5)), (0.5, np.tanh(2.5)), (1.0, np.tanh(5.0))],
)
def test_the_reversal_grows_with_the_progress(progress, expected):
    assert float(reversal(tf.constant(progress))) == pytest.approx(expected, abs=1e-6)


def test_a_reversed_gradient_leaves_the_features_as_they_are():
    features = tf.constant([[1.0, -2.5], [1e-3, 3e5]])
    with tf.GradientTape() as tape:
        tape.watch(features)
        same = reverse_gradient(features, tf.constant(0.25))
        total = tf.reduce_sum(same * tf.constant([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(same, features)
    np.testing.assert_allclose(tape.gradient(total, features), [[-0.25, -0.5], [-0.75, -1.0]])


def zeroed():
    """Return the loss with a classifier whose weights are 0."""
    comparison = DANN.build(4, 0)
    comparison.classifier.set_weights([np.zeros_like(weights) for weights in comparison.classifier.get_weights()])
    return comparison


def test_a_classifier_that_knows_nothing_pays_log_2_for_either_domain():
    source, target = (tf.constant(part, tf.float32) for part in two_domains())
    assert float(zeroed().compare(source, target, tf.constant(0.5))) == pytest.approx(2 * np.log(2), rel=1e-6)


def test_a_bias_alone_by_hand():
    comparison = zeroed()
    *weights, bias = comparison.classifier.get_weights()
    comparison.classifier.set_weights([*weights, np.full_like(bias, 2.0)])
    source, target = (tf.constant(part, tf.float32) for part in two_domains())
    # The logit 2 says "target": -log(1 - sigmoid(2)) for the source, -log(sigmoid(2)) for the target.
    expected = np.log1p(np.exp(2)) + np.log1p(np.exp(-2))
    assert float(comparison.compare(source, target, tf.constant(0.5))) == pytest.approx(expected, rel=1e-6)


def of_progress(progress: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the gradients of the features, and of the classifier."""
    comparison, both = DANN.build(4, 0), [tf.constant(part, tf.float32) for part in two_domains()]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(both)
        loss = comparison.compare(*both, tf.constant(progress))
    own = tape.gradient(loss, [weight.value for weight in comparison.classifier.trainable_weights])
    return [part.numpy() for part in tape.gradient(loss, both)], [part.numpy() for part in own]


def test_features_follow_the_gradient_backwards_and_the_classifier_forwards_whatever_the_progress():
    (begun, own), (half, own_half), (over, _) = map(of_progress, (0.0, 0.1, 1.0))
    for first, later in zip(own, own_half, strict=True):
        np.testing.assert_array_equal(first, later)
    assert all(np.array_equal(part, np.zeros_like(part)) for part in begun)
    for some, much in zip(half, over, strict=True):
        np.testing.assert_allclose(some * np.tanh(5.0), much * np.tanh(0.5), rtol=1e-4, atol=1e-7)
    # A step of the features along their gradient's opposite makes domains harder to tell apart.
    moved = [part - 5 * gradient for part, gradient in zip(two_domains(), over, strict=True)]
    assert value(DANN, *moved) > value(DANN, *two_domains())
