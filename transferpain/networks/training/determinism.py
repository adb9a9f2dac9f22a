"""The same numbers each time on one machine."""

import keras
import tensorflow as tf


def make_deterministic(threads: int | None = None) -> None:
    """Let TensorFlow use deterministic operations only, on a fixed number of threads.

    Args:
        threads: threads of an operation; `None` is TensorFlow's own choice, one for each core. Another number may
            change the last bits of a sum, and it must be given before TensorFlow has done any work.

    Raises:
        RuntimeError: if TensorFlow already works with another number of threads.
    """
    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    # Deterministic operations refuse to draw a number without a seed; fit() sets the seeds that count.
    keras.utils.set_random_seed(0)
