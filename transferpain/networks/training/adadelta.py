"""Keras' Adadelta, whose step is one operation a variable: Keras' own passes over each kernel about sixteen times."""

import keras
import tensorflow as tf


class FusedAdadelta(keras.optimizers.Adadelta):
    """Adadelta (Zeiler 2012) as in Keras: the same arguments, variables and formula.

    A step differs from Keras' by rounding alone. Models are saved without their optimiser, so that no file names this
    class.
    """

    def update_step(self, grad: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Update a variable and its two accumulators in place, for a dense gradient of its shape."""
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdadelta(
            var=variable.handle,
            accum=self._accumulated_grads[place].value.handle,
            accum_update=self._accumulated_delta_vars[place].value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            rho=tf.cast(self.rho, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(grad, variable.dtype),
        )
