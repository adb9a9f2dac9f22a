import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.groups import name_groups, read_subjects, score_groups, write_subjects
from transferpain.evaluation.statistics import score_subjects


def people(table, **columns):
    subjects = table[["dataset", "subject"]].drop_duplicates().reset_index(drop=True)
    return subjects.assign(**columns)


def test_groups_are_scored_apart():
    table = draw_predictions(subjects=8, skill=1.0, seeds=(0, 1))
    men = table["subject"] < "S04"
    table.loc[men, "y_pred"] = (table.loc[men, "y_true"].astype(int) + 1) % 3
    scores = score_groups(table, people(table, sex=["m"] * 4 + ["w"] * 4)).set_index("group")
    assert list(scores.index) == ["men", "women"]
    assert scores["balanced_accuracy"].tolist() == [0.0, 1.0]
    assert scores["subjects"].tolist() == [4, 4]
    assert scores["clips"].tolist() == [48, 48]


def test_a_groups_interval_is_that_of_its_subjects():
    table = draw_predictions(subjects=16, skill=0.6)
    scores = score_groups(table, people(table, age=[20] * 8 + [60] * 8)).set_index("group")
    interval = score_subjects(table[table["subject"] < "S08"])["balanced_accuracy"]
    assert scores.loc["18-35", ["balanced_accuracy", "low", "high"]].tolist() == pytest.approx(
        [interval.value, interval.low, interval.high]
    )


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (17, "under 18"), (18, "18-35"), (35, "18-35"), (35.5, "18-35"), (36, "36-50"), (50, "36-50"), (51, "51+"),
        (99, "51+"), (np.nan, "not stated"), ("?", "not stated"), (-3, "not stated"),
    ],
)  # fmt: skip
def test_bands_of_ages(age, band):
    assert name_groups(pd.Series([age], name="age")).tolist() == [band]


def test_names_of_sexes():
    given = pd.Series(["m", "W", "f", "divers", "", None], name="sex")
    assert name_groups(given).tolist() == ["men", "women", "women", "divers", "not stated", "not stated"]


def test_subjects_without_a_statement_are_a_group():
    table = draw_predictions(subjects=6, skill=0.5)
    known = people(table, sex=["m", "m", "w", "w", None, "m"]).iloc[:5]
    scores = score_groups(table, known).set_index("group")
    assert scores["subjects"].to_dict() == {"men": 2, "women": 2, "not stated": 2}


def test_a_single_subject_has_no_interval():
    table = draw_predictions(subjects=3)
    scores = score_groups(table, people(table, sex=["m", "w", "w"])).set_index("group")
    assert np.isnan(scores.loc["men", "low"])
    assert not np.isnan(scores.loc["men", "balanced_accuracy"])


def test_unlabelled_clips_are_no_group():
    table = draw_predictions(subjects=3)
    subjects = people(table, sex=["m", "w", "w"])
    table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    assert score_groups(table, subjects).empty


def test_subjects_are_kept_with_the_run(tmp_path):
    clips = pd.DataFrame(
        {"dataset": "biovid", "subject": ["007", "007", "8"], "sex": ["m", "m", "w"], "age": [20, 20, None], "y": 1}
    ).astype({"age": "Int64"})
    write_subjects(tmp_path, clips)
    assert (tmp_path / "subjects.csv").read_text() == "dataset,subject,sex,age\nbiovid,007,m,20\nbiovid,8,w,\n"
    subjects = read_subjects(tmp_path)
    assert subjects["subject"].tolist() == ["007", "8"]
    assert name_groups(subjects["age"]).tolist() == ["18-35", "not stated"]


def test_nothing_is_kept_where_nothing_is_stated(tmp_path):
    clips = pd.DataFrame({"dataset": "unbc", "subject": ["a"], "age": pd.array([pd.NA], dtype="Int64")})
    write_subjects(tmp_path, clips)
    assert not list(tmp_path.iterdir())
    assert read_subjects(tmp_path) is None


def test_what_contradicts_itself_is_left_out(tmp_path):
    clips = pd.DataFrame({"dataset": "own", "subject": ["a", "a", "b"], "sex": ["m", "m", "w"], "age": [20, 21, 40]})
    write_subjects(tmp_path, clips)
    assert name_groups(read_subjects(tmp_path)["age"]).tolist() == ["not stated", "36-50"]
    assert name_groups(read_subjects(tmp_path)["sex"]).tolist() == ["men", "women"]
