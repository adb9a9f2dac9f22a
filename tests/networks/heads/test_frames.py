import keras
import numpy as np

from tests.networks.heads.windows import windows, with_gaps
from transferpain.networks.heads.frames import equal_weights, normalized, weighted_mean, window_input, zeroed

FEATURES, SHOWN = window_input(6, 5)
X = with_gaps(windows(length=4), 1, 5)


def given(output, x: np.ndarray = X, training: bool = False) -> np.ndarray:
    return np.array(keras.Model(FEATURES, output)(x, training=training))


def test_a_frame_shows_a_face_unless_all_of_it_is_0():
    x = X.copy()
    x[:, 0, :4] = 0
    assert given(SHOWN, x).tolist() == [[True, False, True, True, True, False]] * 4


def test_frames_with_a_face_share_the_weight():
    weights = given(equal_weights(SHOWN))
    np.testing.assert_allclose(weights, np.array([[1, 0, 1, 1, 1, 0]] * 4) / 4, atol=1e-7)
    assert not given(equal_weights(SHOWN), np.zeros_like(X)).any()


def test_a_mean_is_that_of_the_frames_with_a_face():
    expected = X[:, [0, 2, 3, 4]].mean(axis=1)
    np.testing.assert_allclose(given(weighted_mean(FEATURES, equal_weights(SHOWN), "mean")), expected, atol=1e-6)


def test_what_stands_where_no_face_is_shown_becomes_0():
    one = keras.layers.Rescaling(1.0, offset=1.0)(FEATURES)
    expected = np.where((X == 0).all(axis=-1, keepdims=True), 0, X + 1)
    np.testing.assert_allclose(given(zeroed(one, SHOWN, "faces")), expected, atol=1e-6)


def test_features_are_normalised_over_the_frames_with_a_face():
    read = given(normalized(FEATURES, SHOWN, "norm"), training=True)[:, [0, 2, 3, 4]]
    np.testing.assert_allclose(read.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(read.std(axis=(0, 1)), 1, atol=1e-2)
    fixed = keras.Model(FEATURES, normalized(FEATURES, SHOWN, "fixed", learned=False))
    assert not fixed.trainable_weights
