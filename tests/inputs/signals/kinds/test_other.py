import numpy as np

from transferpain.inputs.signals.kinds.other import OTHER


def test_measures_by_hand():
    measured = OTHER.measure(np.array([1.0, 3.0, 5.0, 7.0]), 2.0)
    np.testing.assert_allclose(measured, [4, np.sqrt(5), 1, 7, 4])


def test_its_course_is_as_it_is():
    x = np.random.default_rng(0).random(9)
    np.testing.assert_array_equal(OTHER.course(x, 10.0), x)
