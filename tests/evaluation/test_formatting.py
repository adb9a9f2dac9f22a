import pytest

from transferpain.evaluation.formatting import decimals, number, p_value, with_interval

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.6123, 0.5, 0.7), "0.61 [0.50, 0.70]"),
        ((0.6123, 0.57, 0.65), "0.612 [0.570, 0.650]"),
        ((0.6123, None, None), "0.612"),
        ((0.6123, NAN, NAN), "0.612"),
        ((0.0, -0.1, 0.1), "0.00 [-0.10, 0.10]"),
        ((None, None, None), "–"),
        ((NAN, NAN, NAN), "–"),
    ],
)
def test_a_score_stands_with_its_interval(values, text):
    assert with_interval(*values) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0496, "< 0.050"), (0.05, "0.050"), (0.0494, "0.049"), (0.0505, "0.051"), (0.0009, "< 0.001"), (NAN, "–")],
)
def test_rounding_takes_no_p_over_the_level(p, text):
    assert p_value(p) == text


def test_equals_have_no_sign():
    assert (number(-1e-17, signed=True), number(-1e-17), number(-0.0004, signed=True)) == ("+0.000", "0.000", "-0.000")


def test_sign_decimals_and_the_word_for_undefined_can_be_chosen():
    assert with_interval(0.05, -0.1, 0.2, signed=True, digits=2) == "+0.05 [-0.10, +0.20]"
    assert (number(-0.0314, signed=True), number(0.5, digits=1)) == ("-0.031", "0.5")
    assert (number(None, undefined="-"), with_interval(None, None, None, undefined="undefined")) == ("-", "undefined")


@pytest.mark.parametrize(
    ("half", "digits"), [(12, 0), (1.2, 1), (0.12, 2), (0.0996, 2), (0.0994, 3), (0.012, 3), (0.0012, 4), (0.00001, 4)]
)
def test_half_the_width_of_an_interval_has_two_digits(half, digits):
    assert decimals(-half, half) == digits


@pytest.mark.parametrize("bounds", [(None, None), (NAN, NAN), (0.5, 0.5)])
def test_without_an_interval_there_are_three_decimals(bounds):
    assert decimals(*bounds) == 3
