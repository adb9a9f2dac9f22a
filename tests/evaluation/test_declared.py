from datetime import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.errors import UserError
from transferpain.evaluation import declared as module
from transferpain.evaluation.declared import Declared, check_predictions, declare, declared_of, read_predictions


@pytest.fixture
def table():
    return draw_predictions((2, 2), subjects=3)


def test_a_whole_table_passes_with_the_types_of_a_run(table):
    checked = check_predictions(table.astype({"y_true": float}))
    assert set(checked["part"]) == {"test"}
    assert checked["y_true"].dtype == "Int64"
    assert len(checked) == len(table)


def test_a_csv_keeps_names_that_look_like_numbers_and_missing_labels(table, tmp_path):
    table["subject"], table["clip"] = "007", ["NA", *table["clip"][1:]]
    table.loc[1, "y_true"] = pd.NA
    table.to_csv(tmp_path / "mine.csv", index=False)
    checked = check_predictions(read_predictions(tmp_path / "mine.csv"))
    assert set(checked["subject"]) == {"007"}
    assert checked["clip"][0] == "NA"
    assert checked["y_true"].isna().sum() == 1


@pytest.mark.parametrize("column", ["subject", "y_true", "p_1", "coverage", "seed"])
def test_a_missing_column_is_named(table, column):
    with pytest.raises(UserError, match=f"no {column}"):
        check_predictions(table.drop(columns=column))


@pytest.mark.parametrize("column", ["Part", "PART", "part.1", "pa rt", "Fold", "p_00", "y-true"])
def test_a_column_that_would_be_passed_over_is_refused(table, column):
    with pytest.raises(UserError, match=rf"is called (.|\n)*Received: {column}"):
        check_predictions(table.assign(**{column: "selection"}))


def test_a_column_that_stands_twice_is_refused(table, tmp_path):
    table.assign(again=0.5).rename(columns={"again": "coverage"}).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(UserError, match="called coverage, and stands once"):
        check_predictions(read_predictions(tmp_path / "mine.csv"))
    with pytest.raises(UserError, match="stands once"):
        check_predictions(pd.concat([table, table[["coverage"]]], axis=1))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("p_0", np.nan, "p_0: a number from 0 to 1"),
        ("p_0", 0.9999, "a sum of 1"),
        ("p_1", -0.1, "p_1: a number from 0 to 1"),
        ("y_true", 2, "y_true: a whole number from 0 to 1"),
        ("y_pred", 7, "y_pred: a whole number from 0 to 1"),
        ("coverage", 1.5, "coverage: a number from 0 to 1"),
        ("frame", -2, "frame: a whole number"),
    ],
)
def test_a_wrong_number_is_shown_with_its_row(table, column, value, rule):
    table[["p_0", "p_1"]] = 0.5
    table.loc[4, column] = value
    with pytest.raises(UserError, match=rule) as error:
        check_predictions(table)
    assert "row 4" in str(error.value)


def test_what_is_no_number_or_no_name_is_refused(table):
    for column, value in (("seed", "a"), ("coverage", "all"), ("subject", None), ("clip", "")):
        wrong = table.astype({column: object})
        wrong.loc[2, column] = value
        with pytest.raises(UserError, match="row 2"):
            check_predictions(wrong)


def test_one_answer_per_clip_and_seed_and_one_label_per_clip(table):
    with pytest.raises(UserError, match="answers once"):
        check_predictions(pd.concat([table, table[:1]]))
    other = table.assign(seed=1, y_true=1 - table["y_true"])
    with pytest.raises(UserError, match="one label per clip"):
        check_predictions(pd.concat([table, other]))
    for column, value, said in (("y_true", np.nan, "or none in all its rows"), ("coverage", 0.0, "coverage: 0 in all")):
        other = table.assign(seed=1)
        other.loc[0, column] = value
        with pytest.raises(UserError, match=said):
            check_predictions(pd.concat([table, other]))


def test_a_table_without_a_tested_clip_is_refused(table):
    for wrong in (table[:0], table.assign(part="selection"), table.assign(frame=3, clip=table["clip"])):
        with pytest.raises(UserError, match="one at least is tested"):
            check_predictions(wrong)
    with pytest.raises(UserError, match="part: selection or test"):
        check_predictions(table.assign(part="train"))


def test_a_gap_between_probabilities_is_refused(table):
    with pytest.raises(UserError, match="without a gap"):
        check_predictions(table.assign(p_3=0.0))


def test_what_is_given_goes_before_what_is_remembered_but_for_drawn_faces(table):
    known = declare(table, Declared(classes=("a", "b"), synthetic=True))
    assert declared_of(known).classes == ("a", "b")
    assert declared_of(known, ("no", "yes"), synthetic=False) == Declared(classes=("no", "yes"), synthetic=True)
    assert declared_of(table) == Declared(classes=("0", "1"))


@pytest.mark.parametrize("classes", [("a",), ("a", "a"), ("a", "b", "c")])
def test_names_that_do_not_fit_the_classes_are_refused(table, classes):
    with pytest.raises(UserError, match="There are 2 classes"):
        declared_of(table, classes)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "broken.parquet").write_text("no parquet")
    odd = pa.table({"clip": ["a"]}).replace_schema_metadata({"pandas": '{"index_columns": 5, "columns": []}'})
    pq.write_table(odd, tmp_path / "odd.parquet")
    for name in ("none.csv", "broken.parquet", "odd.parquet", "table.xlsx"):
        with pytest.raises(UserError, match="is no table of predictions"):
            read_predictions(tmp_path / name)


@pytest.mark.parametrize(
    "content", ["clip\nJ\u00f6rg\n".encode("latin-1"), "clip\nJ\n".encode("utf-16"), b"clip\nJ\0rg\n"]
)
def test_text_in_another_encoding_says_how_to_save_it(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.csv cannot be used(.|\n)*UTF-8"):
        read_predictions(tmp_path / "a.csv")


@pytest.mark.parametrize("column", ["subject", "clip"])
def test_a_name_with_a_character_that_cannot_be_seen_is_refused(table, column):
    with pytest.raises(UserError, match=rf"{column}: a name without control characters(.|\n)*row 0: 'a\\x00b'"):
        check_predictions(table.assign(**{column: "a\0b"}))


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("subject", [[1, 2]]),
        ("subject", [{"a": 1}]),
        ("fold", [b"\xff"]),
        ("y_true", [b"\xff"]),
        ("y_true", pa.array(["1"]).dictionary_encode()),
        ("y_true", ["9" * 400]),
        ("y_true", [time(1)]),
    ],
)
def test_a_column_of_another_kind_is_refused(table, tmp_path, column, cells):
    whole = pa.Table.from_pandas(table.iloc[:1])
    other = cells if isinstance(cells, pa.Array) else pa.array(cells)
    pq.write_table(whole.set_column(whole.column_names.index(column), column, other), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="Received: "):
        check_predictions(read_predictions(tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("pandas", b"[]"),
        ("pandas", b"[" * 10_000),
        ("pandas", b'{"index_columns":["a"]}'),
        ("PANDAS_ATTRS", b"[" * 10_000),
    ],
)
def test_what_a_table_says_of_itself_is_refused_where_it_is_nonsense(table, tmp_path, key, text):
    pq.write_table(pa.Table.from_pandas(table).replace_schema_metadata({key: text}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="is no table of predictions"):
        read_predictions(tmp_path / "a.parquet")


def test_a_table_longer_or_wider_than_any_is_refused_before_it_is_read(table, tmp_path, monkeypatch):
    table.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(module, "MOST_CELLS", table.size - 1)
    (tmp_path / "a.csv").write_bytes(b"," * 2_000 + b"\n")
    for name in ("a.parquet", "a.csv"):
        with pytest.raises(UserError, match=r"columns and .* rows; at most"):
            read_predictions(tmp_path / name)


@pytest.mark.parametrize("spelling", ["s01", "S1", "S-01 ", "S\u200b01", "S01.0", "Ｓ01"])
def test_one_person_under_two_names_is_refused_in_one_dataset_and_nobody_in_two(table, spelling):
    alike = spelling.replace("-", "")
    wrong = table.assign(subject=table["subject"].where(table.index % 2 == 0, table["subject"].replace("S01", alike)))
    wrong["clip"] = [f"clip {number}" for number in range(len(wrong))]
    with pytest.raises(UserError, match=r"has one name(.|\n)*'S01' and "):
        check_predictions(wrong)
    confirmed = declare(wrong, Declared(distinct_subjects=(("S01", alike),)))
    assert len(check_predictions(confirmed)) == len(wrong)
    wrong.loc[wrong["subject"] == alike, "dataset"] = "another"
    assert check_predictions(wrong)["subject"].nunique() == table["subject"].nunique() + 1
