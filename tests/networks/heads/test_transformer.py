import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import TRANSFORMER, asked, build, counts, output_of, windows, with_gaps
from transferpain.networks.heads.transformer import TransformerSettings, build_transformer, sinusoids


@pytest.mark.parametrize(("width", "heads", "blocks"), [(32, 4, 2), (6, 3, 1)])
def test_parameter_count(width, heads, blocks):
    settings = TransformerSettings(kind="transformer", width=width, heads=heads, blocks=blocks)
    model = build_transformer(9, 11, 3, 0, settings)
    attention = 4 * (width * width + width)  # queries, keys, values, output
    dense = (width * 4 * width + 4 * width) + (4 * width * width + width)
    block = attention + dense + 2 * 2 * width
    trained = 2 * 11 + (11 * width + width) + blocks * block + 2 * width + 3 * (width + 1)
    assert counts(model) == (trained, 2 * 11 + width + 9 * width)


def test_positions_are_sines_and_cosines():
    table = sinusoids(50, 8)
    np.testing.assert_array_equal(table[0], [0, 1] * 4)
    np.testing.assert_allclose(table[7, :4], [np.sin(7), np.cos(7), np.sin(0.7), np.cos(0.7)], atol=1e-6)
    assert len(np.unique(table, axis=0)) == 50


def test_positions_are_added_to_frames_times_the_root_of_the_width_and_stay():
    model, x = build("transformer"), windows()
    expected = output_of(model, "frames", x) * np.sqrt(TRANSFORMER.width) + sinusoids(6, TRANSFORMER.width)
    np.testing.assert_allclose(output_of(model, "positions", x), expected, atol=1e-5)
    assert not model.get_layer("positions").trainable_weights


def test_what_stands_where_no_face_is_shown_is_read_by_nobody():
    model, x = build("transformer", 8), with_gaps(windows(), 2, 5)
    said = asked(model, x)
    scale, table = model.get_layer("positions").get_weights()
    for place, matters in ((2, False), (5, False), (3, True)):
        other = table.copy()
        other[place] = 9.0 * np.cos(np.arange(table.shape[1]))
        model.get_layer("positions").set_weights([scale, other])
        assert np.array_equal(asked(model, x), said) != matters


def test_each_part_reads_what_is_normalised_and_adds_to_what_is_not():
    model, x = build("transformer"), windows()
    read = output_of(model, "block1_norm1", x)
    np.testing.assert_allclose(read.mean(axis=-1), 0, atol=1e-5)
    parts = [output_of(model, name, x) for name in ("positions", "block1_attention", "block1_dense2")]
    np.testing.assert_allclose(output_of(model, "block1_add2", x), sum(parts), atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"width": 7, "heads": 1}, "even multiple"),
        ({"width": 10, "heads": 4}, "even multiple"),
        ({"width": 0}, "greater than or equal"),
        ({"heads": 0}, "greater than or equal"),
        ({"heads": 16}, "less than or equal"),
        ({"width": 258}, "less than or equal"),
        ({"blocks": 5}, "less than or equal"),
        ({"dropout": 1.0}, "less than 1"),
    ],
)
def test_settings_out_of_bounds_are_refused(wrong, what):
    with pytest.raises(ValidationError, match=what):
        TransformerSettings(kind="transformer", **wrong)
