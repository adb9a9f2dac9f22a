"""A number as coarser levels beside a classifier of them: which runs belong together, and what stands in the table."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.regrouping import groups_of, regroup
from transferpain.evaluation.statistics import paired_difference, score_subjects
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.detection import build
from transferpain.reports.sections.regrouped import regrouped

GROUPS = groups_of(load_task("unbc-pspi").labels["unbc"].bins, load_task("unbc-seven").labels["unbc"].bins)


def stated(name: str, **changes) -> dict:
    loaded = load_task(name)
    facts = {
        "task": name,
        "task_hash": loaded.hash,
        "dataset": "unbc",
        "classes": list(loaded.classes),
        "ordinal": True,
    }
    return facts | changes


def of_number(seed=0, subjects=9) -> pd.DataFrame:
    return draw_predictions((3,) * 16, subjects=subjects, skill=0.4, seed=seed).assign(dataset="unbc")


def of_classes(seed=1, subjects=9) -> pd.DataFrame:
    """Draw a classifier's answers for the very samples of `of_number`."""
    number, counts = of_number(subjects=subjects), 3 * np.bincount(GROUPS)
    drawn = draw_predictions(tuple(counts), subjects=subjects, skill=0.5, seed=seed)
    return drawn.assign(dataset="unbc", clip=number["clip"].to_numpy())


@pytest.fixture
def both(read):
    number = read("number", of_number(), classes=load_task("unbc-pspi").classes, stated=stated("unbc-pspi"))
    classes = read("classes", of_classes(), classes=load_task("unbc-seven").classes, stated=stated("unbc-seven"))
    return number, classes


def test_the_number_stands_beside_the_classifier_with_the_difference(both):
    number, classes = both
    table = regrouped(both).numbers.set_index("run")
    assert table.index.tolist() == ["classes", "number"]
    derived = regroup(number.predictions, GROUPS)
    assert table.loc["number", "macro_f1"] == pytest.approx(score_subjects(derived, ("macro_f1",))["macro_f1"].value)
    found = paired_difference(derived, classes.predictions)
    assert table.loc["number", "difference_low"] == pytest.approx(found.low)
    assert pd.isna(table.loc["classes", "difference"])


def test_it_stands_in_the_section_of_levels_as_a_number(both):
    section = build(ReportFacts(both))
    assert [table.name for table in section.tables] == ["detection", "regrouped_levels"]
    text = section.tables[1].text
    assert text["Levels of"].tolist() == ["classes", "classes"]
    assert text["Minus"].iloc[1].startswith(("+", "-"))


def test_a_number_alone_has_no_such_table(both):
    assert regrouped(both[:1]) is None
    assert regrouped(both[1:]) is None


def test_other_samples_are_not_set_beside_each_other(read, both):
    other = of_classes().assign(clip=[f"other-{row}" for row in range(len(of_classes()))])
    run = read("other", other, classes=load_task("unbc-seven").classes, stated=stated("unbc-seven"))
    assert regrouped((both[0], run)) is None


@pytest.mark.parametrize("changes", [{"task_hash": "00"}, {"task": "own.yaml"}, {"dataset": "biovid"}])
def test_levels_that_are_not_known_are_not_derived(read, both, changes):
    classes = load_task("unbc-pspi").classes
    run = read("unknown", of_number(), classes=classes, stated=stated("unbc-pspi", **changes))
    assert regrouped((run, both[1])) is None
