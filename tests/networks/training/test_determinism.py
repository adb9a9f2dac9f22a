import keras
import numpy as np
import pytest

from tests.forked_program import CODE, forked
from transferpain.networks.training.determinism import make_deterministic


def test_it_may_be_called_at_any_time_without_a_number_of_threads():
    keras.ops.ones((2, 2)) @ keras.ops.ones((2, 2))
    make_deterministic()
    make_deterministic()


def test_unseeded_numbers_come_again():
    draws = []
    for _ in range(2):
        make_deterministic()
        draws.append(np.asarray(keras.random.normal((4,))))
    np.testing.assert_array_equal(draws[0], draws[1])


@pytest.mark.slow
def test_threads_are_fixed_before_the_first_work_only():
    program = """
import tensorflow as tf
from transferpain.networks.training.determinism import make_deterministic
make_deterministic(threads=1)
assert tf.config.threading.get_intra_op_parallelism_threads() == 1
tf.ones((2, 2)) @ tf.ones((2, 2))
make_deterministic(threads=1)
try:
    make_deterministic(threads=2)
except RuntimeError as error:
    print("refused:", error)
"""
    done = forked(program, module=CODE)
    assert done.returncode == 0, done.stderr
    assert "refused: Intra op parallelism cannot be modified after initialization" in done.stdout
