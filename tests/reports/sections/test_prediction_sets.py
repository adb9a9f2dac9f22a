"""The section of prediction sets: which runs have it, what each row is about, and what is said of too few subjects."""

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.core.schema import write_stamped
from transferpain.evaluation.prediction_sets import ALL, keep_intervals, keep_sets
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.prediction_sets import (
    INTERVAL,
    build,
    by_subject,
    kept_promises,
    prediction_sets,
    prediction_sets_as_text,
)
from transferpain.strategies.common.fitted import FITTED


def with_selection(subjects: int) -> pd.DataFrame:
    """Return predictions whose selection part has so many subjects, none of them tested."""
    tested = draw_predictions(spread=0.3).assign(part="test")
    selected = draw_predictions(subjects=subjects, spread=0.3, seed=1).assign(part="selection")
    selected["subject"] = "other-" + selected["subject"]
    return pd.concat([tested, selected], ignore_index=True)


@pytest.fixture
def fitted(read):
    """Return what reads a run of drawn predictions whose folds were fitted to none of them."""

    def with_fitted(name: str, predictions: pd.DataFrame, **options):
        run = read(name, predictions, **options)
        for folder in (run.path / "folds").iterdir():
            write_stamped(folder / FITTED, {"fitted": []})
        return run

    return with_fitted


def test_every_promise_class_and_interval_has_a_row_with_what_came_of_it(fitted):
    run = fitted("ordered", with_selection(12))
    shown, of_each = build(ReportFacts((run,))).tables
    table = shown.numbers.set_index(["promised", "of"])
    assert table.index.tolist() == [(promised, of) for promised in (0.8, 0.9) for of in (ALL, *run.classes, INTERVAL)]
    selected = RunFolder(run.path).predictions("selection")
    kept, interval = keep_sets(run.predictions, selected, 0.9), keep_intervals(run.predictions, selected, 0.9)
    assert table.loc[(0.9, ALL), "covered"] == pytest.approx(kept[ALL].figures["covered"].value)
    assert table.loc[(0.9, run.classes[1]), "size_low"] == pytest.approx(kept[1].figures["size"].low)
    assert table.loc[(0.9, INTERVAL), "width"] == pytest.approx(interval.figures["width"].value)
    assert (table["calibrated_on"] == 12).all()
    assert of_each.text is None
    each = of_each.numbers.set_index(["promised", "of", "subject"])["covered"].sort_index()
    assert each[0.9, ALL].to_dict() == kept[ALL].by_subject
    assert each[0.9, INTERVAL].min() == table.loc[(0.9, INTERVAL), "worst"]
    assert each[0.9, run.classes[1]].min() == table.loc[(0.9, run.classes[1]), "worst"]


def test_classes_without_an_order_have_no_interval(fitted):
    table = prediction_sets(kept_promises([fitted("emotions", with_selection(12), stated={"ordinal": False})]))
    assert INTERVAL not in table["of"].tolist()
    assert "Width in levels" not in prediction_sets_as_text(table)


def test_too_few_subjects_are_one_row_a_promise_that_names_the_number(fitted):
    run = fitted("few", with_selection(3))
    table = prediction_sets(kept_promises([run]))
    text = prediction_sets_as_text(table)
    assert text["Of"].tolist() == [ALL, ALL]
    assert "3 subjects, and 80% needs 4" in text["Covered"][0]
    assert "3 subjects, and 90% needs 9" in text["Covered"][1]
    assert text["Worst subject"].tolist() == ["–", "–"]
    assert by_subject(kept_promises([run])).empty


def test_a_run_without_selected_rows_promises_nothing(read):
    run = read("none", draw_predictions())
    text = prediction_sets_as_text(prediction_sets(kept_promises([run])))
    assert all("0 subjects, and" in one for one in text["Covered"])


def test_without_a_labelled_run_there_is_no_section(read):
    unlabelled = draw_predictions().assign(y_true=pd.array([None] * len(draw_predictions()), dtype="Int64"))
    assert build(ReportFacts((read("unlabelled", unlabelled),))) is None
