"""The rows that each fitted thing has seen, as they stand in a fold's folder."""

import json

import numpy as np
import pandas as pd
import pytest

from transferpain.core.contracts import FittedRows
from transferpain.core.errors import UserError
from transferpain.strategies.common.fitted import (
    FITTED,
    read_fitted,
    rows_of,
    stretches,
    subjects_fitted_to,
    write_fitted,
)

SAMPLES = pd.DataFrame({"dataset": "biovid", "subject": list("aabbccdd"), "clip": list("12345678")})


def test_what_was_entered_is_read_back(tmp_path):
    fitted = (
        FittedRows("weights of the network", np.array([0, 1, 2, 5])),
        FittedRows("adaptation coral", np.array([6]), transductive=True),
        FittedRows("choice of the epoch", np.array([3, 4]), use="selection"),
    )
    write_fitted(tmp_path, fitted, SAMPLES)
    again = read_fitted(tmp_path)
    assert [(one.step, one.rows.tolist(), one.transductive, one.use) for one in again] == [
        ("weights of the network", [0, 1, 2, 5], False, "fit"),
        ("adaptation coral", [6], True, "fit"),
        ("choice of the epoch", [3, 4], False, "selection"),
    ]


def test_a_file_of_before_uses_were_told_apart_is_read(tmp_path):
    write_fitted(tmp_path, (FittedRows("scaler", np.array([0])),), SAMPLES)
    content = json.loads((tmp_path / FITTED).read_text())
    del content["fitted"][0]["use"]
    (tmp_path / FITTED).write_text(json.dumps(content))
    assert read_fitted(tmp_path)[0].use == "fit"


def test_a_reader_sees_stretches_numbers_and_subjects(tmp_path):
    write_fitted(tmp_path, (FittedRows("scaler", np.array([0, 1, 2, 5])),), SAMPLES)
    content = json.loads((tmp_path / FITTED).read_text())
    assert content["schema"] == 2
    (line,) = content["fitted"]
    assert line["rows"] == [[0, 2], [5, 5]]
    assert line["samples"] == 4
    assert line["subjects"] == ["biovid/a", "biovid/b", "biovid/c"]


def test_a_fold_of_former_versions_has_none(tmp_path):
    assert read_fitted(tmp_path) == ()


@pytest.mark.parametrize("rows", [[], [3], [0, 1, 2], [0, 2, 4], [1, 2, 7, 8, 9]])
def test_stretches_hold_the_same_rows(rows):
    rows = np.array(rows, np.int64)
    np.testing.assert_array_equal(rows_of(stretches(rows)), rows)
    assert rows_of(stretches(rows)).dtype == np.int64


def test_subjects_fitted_to_are_those_of_everything_but_choices_and_transductive_methods(tmp_path):
    samples = pd.DataFrame({"dataset": "biovid", "subject": list("abcd")})
    fitted = (
        FittedRows("weights", np.array([0])),
        FittedRows("copies", np.array([1]), use="copies"),
        FittedRows("epoch", np.array([2]), use="selection"),
        FittedRows("adaptation", np.array([3]), transductive=True),
        FittedRows("reference faces", np.array([2, 3]), use="reference"),
    )
    assert subjects_fitted_to(tmp_path) is None
    write_fitted(tmp_path, fitted, samples)
    assert subjects_fitted_to(tmp_path) == {"biovid/a", "biovid/b"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"fitted": 3}',
        b'{"fitted": [{}]}',
        b'{"fitted": [{"subjects": "a", "transductive": false}]}',
    ],
)
def test_a_damaged_file_is_named_and_nobody_taken_for_new(tmp_path, content):
    (tmp_path / FITTED).write_bytes(content)
    with pytest.raises(UserError, match=FITTED):
        subjects_fitted_to(tmp_path)
