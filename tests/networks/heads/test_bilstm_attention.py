import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import build, counts, output_of, windows, with_gaps
from transferpain.networks.heads.bilstm_attention import BilstmAttentionSettings, build_bilstm_attention


@pytest.mark.parametrize("units", [32, 5])
def test_parameter_count(units):
    model = build_bilstm_attention(9, 11, 3, 0, BilstmAttentionSettings(kind="bilstm_attention", units=units))
    lstm = 2 * 4 * (11 * units + units * units + units)
    assert counts(model) == (2 * 11 + lstm + units + 3 * (units + 1), 2 * 11)


def test_weights_of_frames_with_a_face_sum_to_1_and_others_have_none():
    weights = output_of(build("bilstm_attention", 8), "attention", with_gaps(windows(), 0, 4))
    assert weights.shape == (4, 8)
    np.testing.assert_array_equal(weights[:, [0, 4]], 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert np.ptp(weights[:, [1, 2, 3, 5, 6, 7]], axis=1).min() > 0


def test_states_are_pooled_as_the_equations_say():
    model, x = build("bilstm_attention", 8), with_gaps(windows(), 3, 7)
    states, vector = output_of(model, "bilstm", x), np.array(model.get_layer("scores").kernel)[:, 0]
    scores = np.exp(np.tanh(states) @ vector)
    scores[:, [3, 7]] = 0
    weights = scores / scores.sum(axis=1, keepdims=True)
    pooled = np.tanh((weights[:, :, None] * states).sum(axis=1))
    np.testing.assert_allclose(output_of(model, "pooled_bent", x), pooled, atol=1e-6)


def test_both_directions_are_read():
    model, x = build("bilstm_attention"), windows()
    for place, elsewhere in ((0, 5), (5, 0)):
        other = x.copy()
        other[:, place] += 1
        moved = output_of(model, "bilstm", other) - output_of(model, "bilstm", x)
        assert np.abs(moved[:, elsewhere]).max() > 1e-5


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 257}, {"dropout": 1.5}, {"units": (32, 16)}])
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        BilstmAttentionSettings(kind="bilstm_attention", **wrong)
