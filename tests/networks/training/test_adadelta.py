import keras
import numpy as np
import pytest
import tensorflow as tf

from transferpain.networks.training.adadelta import FusedAdadelta

OPTIONS = {"learning_rate": 0.7, "rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.01, "use_ema": True}


def variable(values: np.ndarray) -> keras.Variable:
    return keras.Variable(values, name="kernel", dtype=str(values.dtype))


def test_a_step_is_that_of_keras():
    random = np.random.default_rng(0)
    start = random.normal(size=(37, 5)).astype(np.float32)
    first, second = variable(start), variable(start)
    optimizers = keras.optimizers.Adadelta(**OPTIONS), FusedAdadelta(**OPTIONS)
    for _ in range(20):
        gradient = tf.constant(random.normal(size=start.shape).astype(np.float32))
        for optimizer, weights in zip(optimizers, (first, second), strict=True):
            optimizer.apply([gradient], [weights])
    assert np.abs(first.numpy() - start).min() > 1e-4
    expected, received = (list(optimizer.variables) for optimizer in optimizers)
    assert [one.name for one in received] == [one.name for one in expected]
    for one, other in zip([first, *expected], [second, *received], strict=True):
        np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=2e-5)


def test_a_graph_takes_the_same_bits_each_time():
    start = np.random.default_rng(0).normal(size=(300, 70)).astype(np.float32)

    def trained() -> np.ndarray:
        weights, optimizer = variable(start), FusedAdadelta(1.0)
        optimizer.build([weights])

        @tf.function
        def run():
            for _ in tf.range(30):
                optimizer.apply([tf.sin(weights)], [weights])

        run()
        return weights.numpy()

    first = trained()
    np.testing.assert_array_equal(trained(), first)
    assert not np.array_equal(first, start)


def test_its_configuration_is_that_of_keras():
    config = FusedAdadelta(name="adadelta", **OPTIONS).get_config()
    assert config == keras.optimizers.Adadelta(name="adadelta", **OPTIONS).get_config()
    assert FusedAdadelta.from_config(config).get_config() == config


def test_a_gradient_of_another_shape_is_refused():
    weights = variable(np.ones((3, 2), np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="same shape"):
        FusedAdadelta(1.0).apply([tf.ones((2, 3))], [weights])
