import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.data.datasets.unbc_trees import LANDMARKS, matlab
from transferpain.data.datasets.unbc_labels import (
    ACTION_UNITS,
    SEQUENCE_LABELS,
    LabelFault,
    parse_facs,
    parse_landmarks,
    parse_numbers,
    parse_pspi,
    parse_sequence_label,
)

# Bytes that look like labels, and any bytes at all.
NUMBERISH = st.text("0123456789+-.eE, \t\r\n;_naif\x00", max_size=40).map(str.encode)
CONTENT = st.one_of(st.binary(max_size=60), NUMBERISH)


@pytest.mark.parametrize(
    ("content", "score"),
    [
        (b"   0.0000000e+00\n", 0),
        (b"   1.5000000e+01\r\n", 15),
        (b"2", 2),
        (b"\t16.0 \n\n", 16),
        (b"   3.0000000E+00", 3),
        (b"-0", 0),
    ],
)
def test_pspi_in_every_number_format(content, score):
    assert parse_pspi(content) == score


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n \n", "is empty"),
        (b"1 2", "more than one"),
        (b"1\n2\n", "more than one"),
        (b"1,5", "no number"),
        (b"1.5", "whole number"),
        (b"17", "from 0 to 16"),
        (b"-1", "from 0 to 16"),
        (b"nan", "no number"),
        (b"inf", "no number"),
        (b"1_0", "no number"),
        (b"0x1", "no number"),
        ("٣".encode(), "no number"),
        (b"\xff\xfe1\x00", "no number"),
        (b"\xef\xbb\xbf1", "no number"),
        (b"1\x00", "no number"),
        (b"1e999", "too large"),
        (b"e5", "no number"),
    ],
)
def test_pspi_faults_say_what_is_wrong(content, reason):
    with pytest.raises(LabelFault, match=reason):
        parse_pspi(content)


def test_an_empty_facs_file_is_a_coded_frame_without_action_units():
    for content in (b"", b"\n", b"  \r\n"):
        assert parse_facs(content) == (0,) * len(ACTION_UNITS)


def test_facs_rows_give_intensities():
    rows = [(4, 3, 0, 0), (43, 1, 0, 0), (10, 5, 1, 2)]
    text = "".join("".join(map(matlab, row)) + "\r\n" for row in rows).encode()
    found = dict(zip(ACTION_UNITS, parse_facs(text), strict=True))
    assert {unit: value for unit, value in found.items() if value} == {4: 3, 10: 5, 43: 1}


@pytest.mark.parametrize("content", [b"43 1", b"43 4 0 0", b"43 0"])
def test_closed_eyes_are_present_or_not(content):
    assert parse_facs(content)[ACTION_UNITS.index(43)] == 1


def test_two_columns_suffice_others_are_passed_over_and_the_higher_of_two_rows_counts():
    found = parse_facs(b"6 2\n15 9 9 9\n27 1 0 0\n50 1\n0 0 0 0\n6 4 1 1\n6 1 0 0\n")
    assert dict(zip(ACTION_UNITS, found, strict=True)) == dict.fromkeys(ACTION_UNITS, 0) | {6: 4}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"4", "one number only"),
        (b"4 3\n6", "one number only"),
        (b"4 6", "intensity"),
        (b"4 -1", "intensity"),
        (b"4 2.5", "intensity"),
        (b"4 1e999", "intensity"),
        (b"4.5 1", "action unit"),
        (b"-4 1", "action unit"),
        (b"400 1", "action unit"),
        (b"1e999 1", "action unit"),
        (b"AU4 3", "no number"),
        (b"4;3", "no number"),
    ],
)
def test_facs_faults_say_what_is_wrong(content, reason):
    with pytest.raises(LabelFault, match=reason):
        parse_facs(content)


def test_landmarks_are_66_points():
    points = parse_landmarks(LANDMARKS.encode())
    assert points.shape == (66, 2)
    assert points.dtype == np.float64
    assert points[65].tolist() == [65, 32.5]


@pytest.mark.parametrize(
    "content", [b"", b"1 2\n" * 65, b"1 2\n" * 67, b"1 2 3\n" * 66, b"1\n" * 132, b"1 x\n" * 66, b"1 1e999\n" * 66]
)
def test_damaged_landmarks_are_refused(content):
    with pytest.raises(LabelFault):
        parse_landmarks(content)


@pytest.mark.parametrize(
    ("scale", "lowest", "highest"), [("vas", 0, 10), ("opr", 0, 5), ("aff", 1, 15), ("sen", 1, 15)]
)
def test_sequence_labels_keep_to_their_scale(scale, lowest, highest):
    assert SEQUENCE_LABELS[scale] == (lowest, highest)
    assert parse_sequence_label(matlab(lowest).encode(), scale) == lowest
    assert parse_sequence_label(matlab(highest).encode(), scale) == highest
    for outside in (lowest - 1, highest + 1):
        with pytest.raises(LabelFault, match=f"from {lowest} to {highest}"):
            parse_sequence_label(str(outside).encode(), scale)


@settings(max_examples=1000, deadline=None)
@given(content=CONTENT)
@example(content=b"1\x0b2")
def test_any_bytes_give_a_pspi_that_stands_there_or_a_fault(content):
    try:
        score = parse_pspi(content)
    except LabelFault:
        return
    assert 0 <= score <= 16
    # The only words of the file are that one number.
    assert [float(word) for word in content.decode("ascii").split()] == [score]


@settings(max_examples=1000, deadline=None)
@given(content=CONTENT)
def test_any_bytes_give_action_units_or_a_fault(content):
    try:
        found = parse_facs(content)
    except LabelFault:
        return
    assert len(found) == len(ACTION_UNITS)
    assert all(0 <= value <= 5 for value in found)
    assert found[-1] in (0, 1)
    active = {unit for unit, value in zip(ACTION_UNITS, found, strict=True) if value}
    named = {float(line.split()[0]) for line in re.split(r"\r\n|\r|\n", content.decode("ascii")) if line.split()}
    assert active <= named


@settings(max_examples=500, deadline=None)
@given(content=CONTENT, scale=st.sampled_from(sorted(SEQUENCE_LABELS)))
def test_any_bytes_give_a_sequence_label_or_a_fault(content, scale):
    try:
        value = parse_sequence_label(content, scale)
    except LabelFault:
        return
    lowest, highest = SEQUENCE_LABELS[scale]
    assert lowest <= value <= highest
    assert [float(word) for word in content.decode("ascii").split()] == [value]


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), max_size=5))
def test_numbers_survive_the_way_through_a_matlab_file(rows):
    text = "".join("".join(matlab(value) for value in row) + "\n" for row in rows)
    parsed = parse_numbers(text.encode())
    assert [len(row) for row in parsed] == [len(row) for row in rows]
    for row, original in zip(parsed, rows, strict=True):
        np.testing.assert_allclose(row, original, rtol=1e-7)
