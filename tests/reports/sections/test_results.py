from dataclasses import replace

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions, from_confusion
from tests.evaluation.test_confusion import ANN
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts
from transferpain.reports.figures import draw_intervals
from transferpain.reports.sections.results import (
    build,
    of_other_data,
    result_rows,
    results,
    results_as_text,
    unreliable,
)


def test_results_of_the_published_run(read):
    table = results([read("ann", from_confusion(ANN))])
    row = table.iloc[0]
    assert len(table) == 1
    assert row["accuracy"] == pytest.approx(0.59)
    assert row["accuracy_low"] < 0.59 < row["accuracy_high"]
    assert row["majority_class_accuracy"] == pytest.approx(0.48)
    assert (row["subjects"], row["clips"], row["seeds"], row["synthetic"]) == (12, 300, 1, True)
    text = results_as_text(table).iloc[0]
    assert text["Accuracy"].startswith("0.590 [0.")
    assert text["Majority-class accuracy"] == "0.480"


def test_covered_stands_below_all_where_a_clip_has_no_face(read):
    predictions = draw_predictions(seeds=(0, 1))
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    table = results([read("lost", predictions), read("whole", draw_predictions())])
    assert list(zip(table["run"], table["counted"], table["clips"], strict=True)) == [
        ("lost", "all", 120),
        ("lost", "covered", 119),
        ("whole", "all", 120),
    ]


def test_selected_rows_stand_below_all(read):
    predictions = draw_predictions()
    table = results([read("rows", predictions.assign(selected=predictions["y_true"] > 0))])
    assert list(zip(table["counted"], table["clips"], strict=True)) == [("all", 120), ("selected", 80)]


def test_an_unlabelled_run_has_dashes_for_scores(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    text = results_as_text(results([run])).iloc[0]
    assert (text["Accuracy"], text["Majority-class accuracy"], text["Clips"]) == ("–", "–", "36")


def test_images_without_subjects_have_no_number_of_subjects(read):
    images = read("emotions", draw_predictions((1, 0, 0), subjects=30))
    table = results([images, read("ann", draw_predictions(subjects=10))])
    assert table["subjects"].isna().tolist() == [True, False]
    assert results_as_text(table)["Subjects"].tolist() == ["–", "10"]


def test_the_figure_names_warned_runs_and_says_what_grey_is(read):
    warned = read("leaky", draw_predictions(subjects=4), stated={"warnings": ["LEAKS."]})
    plain = read("plain", draw_predictions(subjects=4))
    report = ReportFacts((warned, plain), (Comparison(better="leaky", worse="plain"),))
    labels = {text.get_text() for text in draw_intervals(*result_rows(report), 5).axes[0].texts}
    assert {"leaky (see its warning)", "plain"} <= labels
    (picture,) = build(report).pictures
    assert picture.title.endswith("Grey: what the others are compared with.")
    assert "Grey" not in build(ReportFacts((plain,))).pictures[0].title


def test_without_a_label_there_is_a_table_and_no_figure(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    section = build(ReportFacts((run,)))
    assert section.pictures == ()
    assert len(section.tables[0].text) == 1


def test_intervals_that_are_known_to_be_unreliable_are_named_where_they_stand(read):
    faultless = read("sure", draw_predictions(skill=0.99))
    few = read("few", draw_predictions(subjects=7, skill=0.99))
    (sentence,) = build(ReportFacts((read("plain", draw_predictions()), faultless, few))).notes
    assert sentence.startswith("The intervals of sure and of its differences are unreliable: the answers are nearly")
    assert unreliable([read("lost", draw_predictions(subjects=12))]) == ()


def test_runs_that_ask_for_the_same_data_and_have_others_are_named(read):
    data = {"index": "0", "contents": "1", "task_hash": "2"}
    unlabelled = draw_predictions(subjects=1).assign(y_true=pd.array([pd.NA] * 12, dtype="Int64"))
    first, unstated = read("ann", unlabelled, stated=data), read("unstated", unlabelled)
    second = replace(first, name="lstm")
    assert of_other_data([first, second, unstated]) == ()
    for key in data:
        other = replace(first, name="later", facts=first.facts | {key: "9"})
        (sentence,) = of_other_data([first, second, other])
        assert "ann, lstm v later. Their scores cannot be compared." in sentence
        assert build(ReportFacts((first, second, other))).notes == (sentence,)
        adapted = replace(other, experiment=other.experiment | {"adaptation": "coral"})
        assert of_other_data([first, second, adapted]) == ()
    here, there = (replace(first, name=name, facts={"dataset": "x", "source": {"hash": name}}) for name in "ab")
    assert "same source, and were made with different ones: a v b." in of_other_data([here, there, first])[0]
    assert of_other_data([here, replace(there, experiment=there.experiment | {"backbone": "vgg16"})]) == ()
