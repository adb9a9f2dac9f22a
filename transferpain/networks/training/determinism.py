"""The same numbers each time on one machine."""

import keras
import tensorflow as tf


def make_deterministic() -> None:
    """Let TensorFlow use deterministic operations only.

    The number of threads stays TensorFlow's own, one for each core: another one may change the last bits of a sum.
    """
    tf.config.experimental.enable_op_determinism()
    # Deterministic operations refuse to draw a number without a seed; fit() sets the seeds that count.
    keras.utils.set_random_seed(0)
