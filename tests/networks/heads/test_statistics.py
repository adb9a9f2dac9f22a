import numpy as np
import pytest

from tests.networks.heads.windows import build, counts, output_of, windows, with_gaps
from transferpain.networks.heads.statistics import build_statistics


@pytest.mark.parametrize(("dimension", "classes"), [(11, 3), (1024, 2)])
def test_parameter_count(dimension, classes):
    model = build_statistics(9, dimension, classes, 0)
    assert counts(model) == (3 * dimension * classes + classes, 2 * dimension)


@pytest.mark.parametrize("sign", [1, -1])
def test_they_are_those_of_the_frames_that_show_a_face(sign):
    x = sign * np.abs(windows(length=5))  # all features of one sign: a zero would be their maximum
    model = build("statistics", 8)
    read = x / np.sqrt(1 + model.get_layer("norm").epsilon)
    expected = np.concatenate([read.mean(axis=1), read.max(axis=1), read.std(axis=1)], axis=1)
    np.testing.assert_allclose(output_of(model, "statistics", with_gaps(x, 0, 3, 7)), expected, atol=1e-5)


def test_a_window_without_a_face_has_zeros():
    model = build("statistics")
    model.get_layer("norm").moving_mean.assign(np.ones(5))
    assert not output_of(model, "statistics", np.zeros((2, 6, 5), np.float32)).any()


def test_a_feature_that_does_not_move_has_no_deviation():
    model = build("statistics")
    said = output_of(model, "statistics", np.full((1, 6, 5), 2.0, np.float32))
    np.testing.assert_allclose(said[0, 10:], 0, atol=1e-5)
