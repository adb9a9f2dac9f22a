import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions, from_confusion
from tests.evaluation.test_confusion import ANN
from tests.reports.run_folders import write_run
from transferpain.evaluation.resampling import Interval
from transferpain.experiments.schema import Comparison
from transferpain.reports import tables
from transferpain.reports.facts import read_run


@pytest.fixture
def read(tmp_path):
    return lambda name, predictions, **options: read_run(write_run(tmp_path, name, predictions, **options))


def test_results_of_the_published_run(read):
    table = tables.results([read("ann", from_confusion(ANN))])
    row = table.iloc[0]
    assert len(table) == 1
    assert row["accuracy"] == pytest.approx(0.59)
    assert row["accuracy_low"] < 0.59 < row["accuracy_high"]
    assert row["majority_class_accuracy"] == pytest.approx(0.48)
    assert (row["subjects"], row["clips"], row["seeds"], row["synthetic"]) == (12, 300, 1, True)
    text = tables.results_as_text(table).iloc[0]
    assert text["Accuracy"].startswith("0.590 [0.")
    assert text["Majority-class accuracy"] == "0.480"


def test_covered_stands_below_all_where_a_clip_has_no_face(read):
    predictions = draw_predictions(seeds=(0, 1))
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    table = tables.results([read("lost", predictions), read("whole", draw_predictions())])
    assert list(zip(table["run"], table["counted"], table["clips"], strict=True)) == [
        ("lost", "all", 120),
        ("lost", "covered", 119),
        ("whole", "all", 120),
    ]


def test_selected_rows_stand_below_all(read):
    predictions = draw_predictions()
    table = tables.results([read("rows", predictions.assign(selected=predictions["y_true"] > 0))])
    assert list(zip(table["counted"], table["clips"], strict=True)) == [("all", 120), ("selected", 80)]


def test_an_unlabelled_run_has_dashes_for_scores(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    text = tables.results_as_text(tables.results([run])).iloc[0]
    assert (text["Accuracy"], text["Majority-class accuracy"], text["Clips"]) == ("–", "–", "36")


def test_images_without_subjects_have_no_number_of_subjects(read):
    images = read("emotions", draw_predictions((1, 0, 0), subjects=30))
    table = tables.results([images, read("ann", draw_predictions(subjects=10))])
    assert table["subjects"].isna().tolist() == [True, False]
    assert tables.results_as_text(table)["Subjects"].tolist() == ["–", "10"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.01, 0.2, "above 0"), (-0.2, -0.01, "below 0"), (-0.1, 0.2, "covers 0"), (float("nan"),) * 2 + ("no interval",)],
)
def test_a_difference_is_read_by_its_interval(low, high, words):
    pair = Comparison(better="ann", worse="ann-untrained")
    table = tables.differences([(pair, Interval(0.05, low, high, 2000))])
    row = tables.differences_as_text(table).iloc[0]
    assert words in row["Reading"]
    assert row["Difference"].startswith("+0.050")
    assert row["Metric"] == "balanced accuracy"


def test_scores_by_class_and_subject(read):
    run = read("ann", from_confusion(ANN))
    classes = tables.per_class_as_text(tables.per_class(run))
    assert classes.iloc[0].drop("AUC").tolist() == ["No-Pain", "0.100", "0.167", "0.125", "12"]
    assert classes["AUC"].tolist() == [f"{run.scores['all']['per_class'][name]['auc']:.3f}" for name in run.classes]
    subjects = tables.per_subject(run)
    assert len(subjects) == 12
    assert subjects["clips"].sum() == 300
    assert len(tables.per_subject_as_text(subjects).columns) == 6


def test_paper_figures_stand_once_for_the_runs_that_share_them(read):
    runs = [read(name, draw_predictions(subjects=3)) for name in ("ann", "lstm")]
    runs.append(read("own", draw_predictions(subjects=3), changes={"paper": None}))
    table = tables.paper_figures(runs)
    assert table.to_numpy().tolist() == [
        ["Prajod", "validation accuracy", "0.59", "ann, lstm"],
        ["Prajod", "test accuracy", "0.49", "ann, lstm"],
    ]
    assert tables.paper_figures(runs[2:]).empty


def test_latex_is_a_booktabs_table_with_escaped_text():
    table = pd.DataFrame({"Run": ["a_b & 5%"], "Score": ["–"]})
    text = tables.latex(table, "Scores, 95 %.")
    for part in (r"\toprule", r"\bottomrule", r"a\_b \& 5\%", r"\caption{Scores, 95 \%.}", "& --"):
        assert part in text
